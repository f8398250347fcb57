package edge

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"domainflow.io/gateway/internal/problem"
)

const (
	requestIDMax   = 64
	idempotencyMax = 64
)

// requestID is the client's, when it sent one that can be logged, else a new one.
func requestID(header http.Header) string {
	if given := header.Values(problem.RequestID); len(given) == 1 && isRequestID(given[0]) {
		return given[0]
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: it ends the program instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func isRequestID(text string) bool {
	const others = "-_.:"
	if text == "" || len(text) > requestIDMax {
		return false
	}
	for _, c := range []byte(text) {
		isPlain := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !isPlain && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// idempotencyKey is what makes a repeat of a mutation harmless; both names of the header are known.
func idempotencyKey(r *http.Request) (string, *problem.Problem) {
	given := append(r.Header.Values("X-Idempotency-Key"), r.Header.Values("Idempotency-Key")...)
	if len(given) == 0 || r.Method == http.MethodGet {
		return "", nil
	}
	for _, key := range given {
		if key != given[0] || !isIdempotencyKey(key) {
			return "", problem.New("BAD_REQUEST", "X-Idempotency-Key must be 1 to 64 printable characters")
		}
	}
	return given[0], nil
}

func isIdempotencyKey(text string) bool {
	if text == "" || len(text) > idempotencyMax {
		return false
	}
	for _, c := range []byte(text) {
		if c < 0x21 || c > 0x7e {
			return false
		}
	}
	return true
}
