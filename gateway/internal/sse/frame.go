package sse

import (
	"bytes"
	"strconv"
	"time"
)

// appendFrame adds one event as the text/event-stream format has it. data is JSON: a line break in it can only be space
// between its tokens and becomes a space, so that data stays one line and a reader gets exactly the same document. A
// number of 0 means no id.
func appendFrame(dst []byte, number int32, eventType int, data []byte) []byte {
	if number > 0 {
		dst = appendID(dst, number)
	}
	dst = append(dst, "event: "...)
	dst = append(dst, typeNames[eventType]...)
	dst = append(dst, "\ndata: "...)
	for {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			break
		}
		dst = append(append(dst, data[:end]...), ' ')
		data = data[end+1:]
	}
	dst = append(dst, data...)
	return append(dst, "\n\n"...)
}

func appendID(dst []byte, number int32) []byte {
	dst = append(dst, "id: "...)
	dst = strconv.AppendInt(dst, int64(number), 10)
	return append(dst, '\n')
}

// appendRetry tells the browser how long to wait before it connects again.
func appendRetry(dst []byte, wait time.Duration) []byte {
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, wait.Milliseconds(), 10)
	return append(dst, "\n\n"...)
}
