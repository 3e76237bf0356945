// Package site holds what the programs in examples/stdmux, chi, echo and gin share because no
// router changes it: two users, two pages, notes, a stream, a WebSocket, and the server. How a
// router and a guard go together is in the programs.
package site

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inga-auth/inga/examples/internal/server"
)

const maxBody = 64 << 10 // bytes

var timeout = flag.Duration("timeout", 10*time.Second, "how long a request and its response may take, 0 for no limit; streams have none")

// Serve prints how to log in and serves HTTP/1.1 and HTTP/2, without TLS, until the program is
// interrupted.
func Serve(addr string, handler http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := server.Listen(addr)
	if err != nil {
		return err
	}
	welcome("http://" + listener.Addr().String())
	return server.Serve(ctx, listener, newServer(ctx, handler))
}

func welcome(url string) {
	fmt.Println(url)
	fmt.Println("Users:", ann.name, "with the password", ann.password+",", "and", root.name+", an administrator, with", root.password)
	fmt.Printf("curl -d name=%s -d password=%s %s/login/token\n", ann.name, ann.password, url)
}

func newServer(ctx context.Context, handler http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           http.MaxBytesHandler(handler, maxBody),
		Protocols:         &protocols,
		ReadHeaderTimeout: *timeout,
		ReadTimeout:       *timeout,
		WriteTimeout:      *timeout,
		// Streams, which Shutdown waits for, end when the program does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}
