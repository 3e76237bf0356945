package authtest

import (
	"io"
	"net/http"
)

// Break has the issuer answer everything with the handler until [Issuer.Mend]: with [Fails],
// [Hangs], [Garbles], or one of the test's own.
func (i *Issuer) Break(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.outage = answer
}

// Mend ends what [Issuer.Break] began.
func (i *Issuer) Mend() { i.Break(nil) }

// Fails answers that the server has failed: 500.
func Fails(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// Hangs does not answer for as long as the client waits.
func Hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Garbles answers 200, and with a page, as a proxy does whose server is down.
func Garbles(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "<!doctype html><title>Down for maintenance</title>")
}
