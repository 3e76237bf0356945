package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/inga-auth/inga/examples/internal/server"
)

func TestATakenAddressIsOneClearLine(t *testing.T) {
	first, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	addr := first.Addr().String()
	_, err = server.Listen(addr)
	if want := addr + " is taken: choose another address with -addr, or -addr 127.0.0.1:0 for any free port"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAnAddressThatIsNoneIsAnError(t *testing.T) {
	if _, err := server.Listen("nowhere"); err == nil || strings.Contains(err.Error(), "taken") {
		t.Errorf("error %v, want one about the address", err)
	}
}

func TestARequestInProgressIsAnsweredBeforeTheServerStops(t *testing.T) {
	l, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop() // while this request is in progress
		_, _ = io.WriteString(w, "done")
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l, s) }()
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "done" {
		t.Errorf("body %q (%v), want done", body, err)
	}
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v, want no error", err)
	}
}
