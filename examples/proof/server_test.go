package proof_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// inProcess makes this test binary a server: it prints its address and serves until its
// standard input is closed. It holds the settings, as JSON.
const inProcess = "INGA_PROOF_SERVER"

type settings struct {
	Pool       string   // the database, on three ways: for requests,
	Feed, Poke string   // and for the feed, which polls, and listens for notifications
	Redis      []string // the nodes of a Redis Cluster, in place of all these
	Users      string   // the application's own table or view of users, all of whose changes are announced
	Conns      int32    // of the pool
	OneTrip    bool     // it prepares no statements, which costs a trip at first use
	Keys       [3][]byte

	MaxLag     time.Duration // of the cache
	MaxAge     time.Duration // of the cache; 0: its default
	MaxEntries int           // of the cache; 0: its default
	Timeout    time.Duration // of the store
	AccessTTL  time.Duration // of the tokens
	Overlap    time.Duration // of refresh tokens
	Leeway     time.Duration // of the clocks; 0: the least there is
	Ahead      time.Duration // by how much the wall clock of the process is ahead of the others'
}

func serve(told string) error {
	var s settings
	if err := json.Unmarshal([]byte(told), &s); err != nil {
		return err
	}
	if s.Ahead != 0 {
		if err := moveClock(s.Ahead); err != nil {
			return err
		}
	}
	a, err := newApp(context.Background(), s)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("http://%s\n", listener.Addr())
	server := &http.Server{Handler: a.handler(), ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}
