package edge

import (
	"net/http"
	"slices"

	"domainflow.io/gateway/internal/problem"
)

const (
	allowedHeaders = "Content-Type, Authorization, X-Requested-With, X-Request-Id, X-Idempotency-Key, Idempotency-Key, " +
		"Last-Event-ID, Cache-Control"
	exposedHeaders = "X-Request-Id, X-Cache, X-Domains-Sort-Version, X-Idempotent-Replay, X-Total-Count, " +
		"Location, Retry-After"
	allowedMethods = "GET, POST, PUT, DELETE, OPTIONS"
	preflightAge   = "600"
)

// cors tells browsers which other origins may read our answers.
func cors(origins []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		isAllowed := origin != "" && slices.Contains(origins, origin)
		if isAllowed {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Allow-Credentials", "true")
			header.Set("Access-Control-Expose-Headers", exposedHeaders)
		}
		if r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" {
			header.Add("Vary", "Access-Control-Request-Method")
			header.Add("Vary", "Access-Control-Request-Headers")
			if isAllowed {
				header.Set("Access-Control-Allow-Methods", allowedMethods)
				header.Set("Access-Control-Allow-Headers", allowedHeaders)
				header.Set("Access-Control-Max-Age", preflightAge)
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses changes that a page of another origin makes a browser send. A browser asks nobody before it
// sends a POST without a body.
func crossOrigin(origins []string, next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	for _, origin := range origins {
		_ = guard.AddTrustedOrigin(origin) // config has checked it
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.New("FORBIDDEN", "pages of that origin may not change anything here; see ALLOWED_ORIGINS").Write(w, r)
	}))
	return guard.Handler(next)
}
