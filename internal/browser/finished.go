package browser

import (
	"context"
	"net/http"
	"slices"
)

type finishedKey struct{}

// finished says which request brought a login back that this browser had begun.
type finished struct {
	method, host, url string
	headers           [len(bindingHeaders)][]string // copied: the request's may be changed
}

// bindingHeaders say which browser sent a request, and from which page.
var bindingHeaders = [...]string{"Cookie", "Origin", "Sec-Fetch-Site"}

func finishedOf(r *http.Request) *finished {
	f := &finished{method: r.Method, host: r.Host, url: r.URL.String()}
	for i, name := range bindingHeaders {
		f.headers[i] = slices.Clone(r.Header[name])
	}
	return f
}

func (f *finished) equal(g *finished) bool {
	for i := range f.headers {
		if !slices.Equal(f.headers[i], g.headers[i]) {
			return false
		}
	}
	return f.method == g.method && f.host == g.host && f.url == g.url
}

// WithFinished returns r with the mark that it finishes a login which the same browser has begun
// here. Call it only after that has been checked. The mark holds for this request: for another
// one that gets the same context it says nothing.
func WithFinished(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), finishedKey{}, finishedOf(r)))
}

func isFinished(r *http.Request) bool {
	f, ok := r.Context().Value(finishedKey{}).(*finished)
	return ok && f.equal(finishedOf(r))
}

// MayLogin returns an error if r has a safe method, unless it finishes a login that this browser
// began: see package callback.
func MayLogin(r *http.Request) error {
	if isFinished(r) {
		return nil
	}
	return Unsafe(r)
}

// CheckLogin is CheckUnsafe, except for a request that finishes a login which this browser began.
// That comes from another site, and often with GET.
func (o *Origins) CheckLogin(r *http.Request) error {
	if isFinished(r) {
		return nil
	}
	return o.CheckUnsafe(r)
}

// CheckAsUnsafe returns [middleware.ErrCrossOrigin] for requests from other origins, whatever their
// method.
func (o *Origins) CheckAsUnsafe(r *http.Request) error {
	as := *r // a copy: the request is not ours to change
	as.Method = http.MethodPost
	return o.Check(&as)
}
