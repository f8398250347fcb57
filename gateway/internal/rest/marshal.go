package rest

import (
	"errors"
	"io"
	"net/url"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"domainflow.io/gateway/internal/codec"
)

// marshaler is the codec as grpc-gateway asks for it.
type marshaler struct{}

const contentType = "application/json; charset=utf-8"

func (marshaler) ContentType(any) string { return contentType }

// Marshal writes an answer; one without any field has no body.
func (marshaler) Marshal(value any) ([]byte, error) {
	if message, ok := value.(proto.Message); ok && isBodiless(message) {
		return nil, nil
	}
	return codec.Marshal(value)
}

func isBodiless(message proto.Message) bool {
	return message.ProtoReflect().Descriptor().Fields().Len() == 0
}

func (marshaler) Unmarshal(data []byte, value any) error {
	message, ok := value.(proto.Message)
	if !ok {
		return errors.New("not a message")
	}
	return codec.Unmarshal(data, message, nil)
}

// NewDecoder hands out the message that bind has read.
func (marshaler) NewDecoder(from io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(value any) error {
		read, isOurs := from.(*body)
		message, isMessage := value.(proto.Message)
		if !isOurs || !isMessage {
			return errors.New("not a request of this gateway")
		}
		proto.Merge(message, read.message)
		return nil
	})
}

func (m marshaler) NewEncoder(to io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(value any) error {
		data, err := m.Marshal(value)
		if err == nil {
			_, err = to.Write(data)
		}
		return err
	})
}

// query is the codec as grpc-gateway asks for it. bind has already read the same parameters and told what is wrong.
type query struct{}

func (query) Parse(message proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	return codec.Query(values, message, func(field protoreflect.Name) bool {
		return filter.HasCommonPrefix([]string{string(field)})
	})
}
