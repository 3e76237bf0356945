package authtest

import (
	"io"
	"net/http"
)

// Break makes the issuer respond to every request with the given handler, until [Issuer.Mend]:
// [Fails], [Hangs], [Garbles], or your own.
func (i *Issuer) Break(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.outage = answer
}

// Mend ends the outage that [Issuer.Break] began.
func (i *Issuer) Mend() { i.Break(nil) }

// Fails responds with status 500.
func Fails(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// Hangs does not respond until the client gives up.
func Hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Garbles responds with status 200 and an HTML page, like a proxy whose backend is down.
func Garbles(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "<!doctype html><title>Down for maintenance</title>")
}
