package openapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"net/http"

	"github.com/swaggest/swgui/v5/static"
)

// ours are the page and what opens the document in Swagger UI, whose files come with their module, packed.
//
//go:embed explorer
var ours embed.FS

// The page may load its own files and ask its own server; nothing inline, nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Explorer is the page at /docs and its files, by path.
func Explorer() (map[string]http.HandlerFunc, error) {
	found := map[string]http.HandlerFunc{}
	for _, one := range []struct {
		path, file, contentType string
		from                    fs.FS
	}{
		{"/docs", "explorer/index.html", "text/html; charset=utf-8", ours},
		{"/docs/explorer.js", "explorer/explorer.js", "text/javascript; charset=utf-8", ours},
		{"/docs/explorer.css", "explorer/explorer.css", "text/css; charset=utf-8", ours},
		{"/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8", static.FS},
		{"/docs/swagger-ui.css", "swagger-ui.css.gz", "text/css; charset=utf-8", static.FS},
		{"/docs/favicon.png", "favicon-32x32.png", "image/png", static.FS},
	} {
		data, err := fs.ReadFile(one.from, one.file)
		if err != nil {
			return nil, err
		}
		page := newStored(one.contentType, data)
		page.policy = policy
		found[one.path] = page.serve
	}
	return found, nil
}

// unpack is what was packed, as it is when it was not.
func unpack(data []byte) []byte {
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return data
	}
	plain, err := io.ReadAll(in)
	if err != nil {
		return data
	}
	return plain
}
