package authtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
)

// Transport returns a transport that calls h instead of using a network, whatever the host of the
// request. The response begins when h flushes, has written 4 KB, or returns, so that event
// streams work. The context of the request ends when the client gives up or closes the body. It is
// safe for concurrent use.
//
// It blocks only on channels and locks, as testing/synctest requires. Handlers cannot hijack the
// connection, so that WebSockets need a server. If h panics, the client gets an error with the
// stack.
func Transport(h http.Handler) http.RoundTripper { return &transport{h} }

type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, hangUp := context.WithCancel(r.Context())
	in, err := incoming(ctx, r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		hangUp()
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	x := newExchange(r, hangUp)
	go x.serve(t.handler, in)
	<-x.started
	return x.response()
}

// clientAddress is the same as in httptest: RFC 5737 reserves it for documentation.
const clientAddress = "192.0.2.1:1234"

// incoming returns r as a server passes it to its handler.
func incoming(ctx context.Context, r *http.Request) (*http.Request, error) {
	target, err := url.ParseRequestURI(r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	in := r.Clone(ctx)
	in.URL, in.RequestURI = target, r.URL.RequestURI()
	in.Host = cmp.Or(r.Host, r.URL.Host)
	in.Method = cmp.Or(r.Method, http.MethodGet)
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = clientAddress
	in.Response, in.GetBody = nil, nil
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Header == nil {
		in.Header = http.Header{}
	}
	if in.Header["User-Agent"] == nil {
		in.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: r.URL.Hostname()}
	}
	return in, nil
}
