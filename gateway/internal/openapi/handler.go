package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// Handler serves the document of a version.
func Handler(version string) (http.HandlerFunc, error) {
	text, err := New(version)
	if err != nil {
		return nil, err
	}
	return newStored("application/json; charset=utf-8", text).serve, nil
}

// stored is an answer that is always the same.
type stored struct {
	contentType   string
	policy        string // Content-Security-Policy; empty: that of the API
	etag          string
	plain, packed []byte
}

// newStored keeps data, packed or not, in both ways.
func newStored(contentType string, data []byte) *stored {
	plain := unpack(data)
	var packed bytes.Buffer
	out, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level exists, and memory takes any write
	_, _ = out.Write(plain)
	_ = out.Close()
	sum := sha256.Sum256(plain)
	return &stored{contentType: contentType, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, plain: plain,
		packed: packed.Bytes()}
}

func (s *stored) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("ETag", s.etag)
	header.Set("Cache-Control", "no-cache") // to be kept, and asked for each time
	header.Add("Vary", "Accept-Encoding")
	if s.policy != "" {
		header.Set("Content-Security-Policy", s.policy)
	}
	if isKnown(r.Header.Values("If-None-Match"), s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", s.contentType)
	body := s.plain
	if accepts(r.Header.Values("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = s.packed
	}
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// isKnown compares weakly, RFC 9110 §13.1.2.
func isKnown(given []string, etag string) bool {
	for one := range strings.SplitSeq(strings.Join(given, ","), ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}

// accepts says whether the coding is named and not refused with q=0.
func accepts(given []string, coding string) bool {
	for one := range strings.SplitSeq(strings.Join(given, ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), ";")
		if strings.EqualFold(name, coding) {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
