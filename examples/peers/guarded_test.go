package peers_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkGuardedRequest is a request without the server around it.
func BenchmarkGuardedRequest(b *testing.B) {
	for _, c := range candidates() {
		b.Run(c.name, func(b *testing.B) { c.make().bench(b) })
	}
}

func (p peer) bench(b *testing.B) {
	login := httptest.NewRecorder()
	p.login.ServeHTTP(login, httptest.NewRequest("POST", "/login", nil))
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range login.Result().Cookies() {
		r.AddCookie(c)
	}
	w := &answer{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		w.status, w.size = http.StatusOK, 0
		p.guarded.ServeHTTP(w, r)
		if w.status != http.StatusOK || w.size != len(greeting) {
			b.Fatalf("status %d and %d bytes, want 200 and %d", w.status, w.size, len(greeting))
		}
	}
}

// An answer is a ResponseWriter that costs as little as one can.
type answer struct {
	header http.Header
	status int
	size   int
}

func (a *answer) Header() http.Header    { return a.header }
func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(p []byte) (int, error) {
	a.size += len(p)
	return len(p), nil
}

func (a *answer) WriteString(s string) (int, error) {
	a.size += len(s)
	return len(s), nil
}
