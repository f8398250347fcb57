package openapi

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"domainflow.io/gateway/internal/pb"
)

// contract knows the comments, which the descriptors linked into the program don't carry.
type contract struct{ files *protoregistry.Files }

func readContract() (*contract, error) {
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(pb.Contract, set); err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(set)
	return &contract{files}, err
}

// comment is what stands above a thing of the contract, its lines joined; "" for none.
func (c *contract) comment(of protoreflect.Descriptor) string {
	found, err := c.files.FindDescriptorByName(of.FullName())
	if err != nil {
		return ""
	}
	text := found.ParentFile().SourceLocations().ByDescriptor(found).LeadingComments
	var out strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" && out.Len() > 0 && !strings.HasSuffix(out.String(), "\n"):
			out.WriteString("\n\n")
		case line != "" && out.Len() > 0 && !strings.HasSuffix(out.String(), "\n"):
			out.WriteByte(' ')
			fallthrough
		default:
			out.WriteString(line)
		}
	}
	return strings.TrimSpace(out.String())
}

// words is the comment of an enum with one line per value.
func (c *contract) words(enum protoreflect.EnumDescriptor, word func(protoreflect.EnumNumber) string) string {
	text := c.comment(enum)
	for i := 0; i < enum.Values().Len(); i++ {
		value := enum.Values().Get(i)
		if comment := c.comment(value); value.Number() != 0 && comment != "" {
			text += "\n- `" + word(value.Number()) + "`: " + comment
		}
	}
	return text
}

// firstSentence is for lists; an abbreviation's point is followed by no capital.
func firstSentence(text string) string {
	for i := 0; i+2 < len(text); i++ {
		isEnd := text[i] == '.' && text[i+1] == ' ' && text[i+2] >= 'A' && text[i+2] <= 'Z'
		if isEnd || text[i] == ';' || text[i] == '\n' {
			return text[:i]
		}
	}
	return strings.TrimSuffix(text, ".")
}
