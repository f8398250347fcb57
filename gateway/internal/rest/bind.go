package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"domainflow.io/gateway/internal/codec"
	"domainflow.io/gateway/internal/problem"
	"domainflow.io/gateway/internal/request"
)

const (
	// BodyBytesMax is the largest request body.
	BodyBytesMax = 1 << 20
)

// bind reads a request before the generated handler does, because only here its mistakes can be told in full. The
// handler gets the body as a message already read, and path words by their names in the contract.
func (t *table) bind(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, path map[string]string) {
		pattern, _ := runtime.HTTPPattern(r.Context())
		route := t.byPattern[r.Method+" "+pattern.String()]
		if route == nil || strings.HasSuffix(r.URL.Path, "/") {
			problem.New("NOT_FOUND", "there is no such path").Write(w, r)
			return
		}
		request.Of(r.Context()).Route = route.Template
		message, err := route.read(w, r, path)
		if err != nil {
			problem.Of(err).Write(w, r)
			return
		}
		if route.HasBody {
			r.Body = &body{message}
		}
		next(w, r.WithContext(withRoute(r.Context(), route)), path)
	}
}

// read is the request's message, from body and query; path variables are made names of the contract in place.
func (route *Route) read(w http.ResponseWriter, r *http.Request, path map[string]string) (proto.Message, error) {
	input := route.RPC.Input()
	for field, text := range path {
		if strings.TrimSpace(text) == "" {
			return nil, problem.New("BAD_REQUEST", "the path leaves "+input.Fields().ByName(protoreflect.Name(field)).JSONName()+" empty")
		}
		word, err := codec.PathWord(input, field, text)
		if err != nil {
			return nil, problem.InQuery(err)
		}
		path[field] = word
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(input.FullName())
	if err != nil {
		return nil, err
	}
	message := kind.New().Interface()
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problem.New("BAD_REQUEST", "the query can't be read")
	}
	if err := codec.Query(values, message, route.notInQuery); err != nil {
		return nil, problem.InQuery(err)
	}
	data, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if !route.HasBody {
		if len(data) > 0 {
			return nil, problem.New("BAD_REQUEST", "the request takes no body")
		}
		return message, nil
	}
	return message, route.readJSON(data, message)
}

// notInQuery says whether a field may not be a parameter.
func (route *Route) notInQuery(field protoreflect.Name) bool {
	return route.Taken(field) || route.HasBody && !slices.Contains(route.Query, string(field))
}

func (route *Route) readJSON(data []byte, message proto.Message) error {
	if len(data) == 0 {
		return nil
	}
	err := codec.Unmarshal(data, message, route.Taken)
	var faults codec.Faults
	if errors.As(err, &faults) && route.WordStatus == http.StatusBadRequest && len(faults) == 1 &&
		faults[0].Kind == codec.WrongValue {
		return problem.InQuery(err)
	}
	return err
}

// readBody reads what was sent, whole; package edge bounds the time.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, BodyBytesMax))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem.New("PAYLOAD_TOO_LARGE", "the body is larger than 1 MiB")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem.New("REQUEST_TIMEOUT", "the body did not come")
	case err != nil:
		return nil, problem.New("BAD_REQUEST", "the body can't be read")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // it was for the body
	if len(data) > 0 && !isJSON(r.Header) {
		return nil, problem.New("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json in UTF-8, not compressed")
	}
	return data, nil
}

func isJSON(header http.Header) bool {
	if len(header.Values("Content-Type")) != 1 || header.Get("Content-Encoding") != "" {
		return false
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	charset := strings.ToLower(parameters["charset"])
	return err == nil && kind == "application/json" && (charset == "" || charset == "utf-8")
}

// body carries a message that has been read to the generated handler's decoder.
type body struct{ message proto.Message }

func (*body) Read([]byte) (int, error) { return 0, io.EOF }
func (*body) Close() error             { return nil }
