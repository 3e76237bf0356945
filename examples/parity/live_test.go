package parity_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/inga-auth/inga/jwtauth"
)

// serverTimeout is that of the programs with the streams: those live longer. A login may take as
// long as this.
const serverTimeout = 8 * time.Second

// That a stream lives longer than the server's write timeout, and what it sends arrives one
// by one, is http.ResponseController reaching the server's own writer.
func TestAStreamEndsWithTheSession(t *testing.T) {
	onEveryRouter(t, []string{"-timeout", serverTimeout.String()}, func(t *testing.T, p *program) {
		for protocol, login := range map[string]func(*client, string) string{"HTTP/1.1": (*client).cookie, "HTTP/2.0": (*client).token} {
			t.Run(protocol, func(t *testing.T) {
				t.Parallel()
				c := p.client(t, protocol)
				checkStream(t, c, login(c, "ann"))
			})
		}
	})
}

func checkStream(t *testing.T, c *client, credential string) {
	res := c.do("GET", "/events", "", credential)
	defer func() { _ = res.Body.Close() }()
	if got, want := answerOf(res), passed(200, "text/event-stream"); got != want {
		t.Fatalf("the stream\n got %+v\nwant %+v", got, want)
	}
	events := bufio.NewScanner(res.Body)
	wantEvent(t, events, "hello", "ann")
	for begin := time.Now(); time.Since(begin) <= serverTimeout; {
		wantEvent(t, events, "time", "")
	}
	c.logout(credential)
	last, data := event(events)
	for last == "time" {
		last, data = event(events)
	}
	if last != "bye" || data != "session ended" {
		t.Errorf("the stream ends with %q %q, want bye, session ended", last, data)
	}
	if rest, data := event(events); rest != "" || events.Err() != nil {
		t.Errorf("after the end there is %q %q, %v", rest, data, events.Err())
	}
}

func wantEvent(t *testing.T, events *bufio.Scanner, name, data string) {
	t.Helper()
	gotName, gotData := event(events)
	if gotName != name || data != "" && gotData != data {
		t.Fatalf("event %q %q, want %q %q (%v)", gotName, gotData, name, data, events.Err())
	}
}

// event reads the next one. It has no name at the end of the stream.
func event(events *bufio.Scanner) (name, data string) {
	for events.Scan() && events.Text() != "" {
		if s, ok := strings.CutPrefix(events.Text(), "event: "); ok {
			name = s
		}
		if s, ok := strings.CutPrefix(events.Text(), "data: "); ok {
			data = s
		}
	}
	return name, data
}

func TestAWebSocketEndsWithTheSession(t *testing.T) {
	onEveryRouter(t, nil, func(t *testing.T, p *program) {
		for proof, open := range map[string]func(*client) (credential string, o *websocket.DialOptions){
			"cookie": func(c *client) (string, *websocket.DialOptions) {
				line := c.cookie("ann")
				return line, &websocket.DialOptions{HTTPHeader: headers(line, "Origin: "+p.url)}
			},
			"token": func(c *client) (string, *websocket.DialOptions) {
				line := c.token("ann")
				return line, &websocket.DialOptions{HTTPHeader: headers(line)}
			},
			"token of a script": func(c *client) (string, *websocket.DialOptions) {
				token := c.bareToken("ann")
				return "Authorization: Bearer " + token, &websocket.DialOptions{
					HTTPHeader:   headers("Origin: " + p.url),
					Subprotocols: []string{jwtauth.Subprotocol, token},
				}
			},
		} {
			t.Run(proof, func(t *testing.T) {
				t.Parallel()
				c := p.client(t, "HTTP/1.1")
				credential, options := open(c)
				checkSocket(t, c, credential, options)
			})
		}
	})
}

func checkSocket(t *testing.T, c *client, credential string, options *websocket.DialOptions) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, c.program.url+"/ws", options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if got := res.Header.Get("Sec-WebSocket-Protocol"); len(options.Subprotocols) > 0 && got != "inga.bearer" {
		t.Errorf("subprotocol %q, want inga.bearer", got)
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte("tea?")); err != nil {
		t.Fatal(err)
	}
	if _, echo, err := conn.Read(ctx); err != nil || string(echo) != "tea?" {
		t.Fatalf("echo %q, %v, want tea?", echo, err)
	}
	c.logout(credential)
	_, _, err = conn.Read(ctx)
	var closed websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.StatusPolicyViolation || closed.Reason != "session ended" {
		t.Errorf("the WebSocket ends with %v, want status 1008, session ended", err)
	}
}

// CS-8.
func TestAHandshakeIsRefused(t *testing.T) {
	onEveryRouter(t, nil, func(t *testing.T, p *program) {
		c := p.client(t, "HTTP/1.1")
		known := newCredentials(c)
		for _, r := range []struct {
			name, with string
			want       answer
			text       string
		}{
			{"anonymous", "", refused(401, realm), "no-credentials"},
			{"anonymous script of another site", "page elsewhere", refused(401, realm), "no-credentials"},
			{"script of another site, with a cookie", "cookie of ann, page elsewhere", refused(403, ""), "cross-origin"},
			{"forged cookie", "forged cookie, own page", refused(401, realm), "invalid-credentials"},
			{"ended token", "ended token", refused(401, invalid), "session-revoked"},
			// The guard lets it pass, since a token is sent on purpose. The WebSocket library refuses.
			{"script of another site, with a token", "token of ann, page elsewhere", passed(403, "text/plain"), "not authorized for Host"},
		} {
			t.Run(r.name, func(t *testing.T) {
				conn, res, err := websocket.Dial(t.Context(), p.url+"/ws", &websocket.DialOptions{HTTPHeader: headers(known.lines(c, r.with)...)})
				if err == nil {
					_ = conn.CloseNow()
					t.Fatal("the handshake succeeds")
				}
				if res == nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				if got := answerOf(res); got != r.want || !strings.Contains(string(body), r.text) {
					t.Errorf("\n got %+v\nwant %+v, %s\n%s", got, r.want, r.text, body)
				}
			})
		}
	})
}

func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}
