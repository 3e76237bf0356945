package session_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	for name, row := range map[string]struct {
		config session.Config
		want   string
	}{
		"nothing": {session.Config{}, `session: Config.Store is nil, want a backend
session: Config.Policy is nil, want a sliding.Policy`},
		"a nil in each interface": {session.Config{Store: (*memory.Store)(nil), Policy: (*sliding.Policy)(nil)}, `session: Config.Store is nil, want a backend
session: Config.Policy is nil, want a sliding.Policy`},
		"a zero policy": {session.Config{Policy: sliding.Policy{}}, `session: Config.Store is nil, want a backend
session: Config.Policy: sliding: Policy.Idle is 0s, want at least 1s
sliding: Policy.Absolute is 0s, want more than 0: there is no forever`},
		"a policy without an absolute limit": {session.Config{Store: memory.New(), Policy: sliding.Policy{Idle: time.Hour}},
			`session: Config.Policy: sliding: Policy.Absolute is 0s, want more than 0: there is no forever`},
	} {
		if g, err := session.New(row.config); g != nil || err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, error\n%v\nwant\n%s", name, g, err, row.want)
		}
	}
}

func TestByDefaultEventsAreLogged(t *testing.T) {
	// This test must not be parallel: the default logger is everybody's.
	var out bytes.Buffer
	eventtest.UseAsDefault(t, eventtest.PlainHandler{W: &out})
	f := newFixture(t, storetest.Memory(t), func(c *session.Config) { c.Events = nil })
	k := f.open("1")
	if ok, err := f.sessions.End(t.Context(), "1", k.id, backends.ReasonRevoked); !ok || err != nil {
		t.Fatalf("End: %v, %v", ok, err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "INFO session event [type=login ") ||
		!strings.HasPrefix(lines[1], "INFO session event [type=revoked ") || !strings.HasSuffix(lines[1], " subject=1 session_id="+k.id+" reason=revoked]") {
		t.Errorf("logged\n%s\nwant a login and a revocation", &out)
	}
}

func TestNothingThatIsPrintedHoldsASecret(t *testing.T) {
	// SID-8
	m := storetest.Memory(t)
	c := session.Config{Store: m, Policy: policy}
	f := newFixture(t, m)
	k := f.open("1")
	o := session.Opening{Secret: k.secret, Former: []string{k.id}}
	var out bytes.Buffer
	for _, v := range []any{c, &c, f.sessions, f.keys, o, &o, []session.Opening{o}, struct{ S *session.Registry }{f.sessions}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%o", "%b", "%e", "%t", "%U"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("printed", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("printed", "value", v)
		_ = json.NewEncoder(&out).Encode(v) // an error prints nothing
	}
	hash := k.secret.Hash()
	for _, raw := range [][]byte{k.secret[:], hash[:]} {
		for _, form := range []string{
			string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), strings.Trim(fmt.Sprint(raw), "[]"),
			strings.ReplaceAll(strings.Trim(fmt.Sprint(raw), "[]"), " ", ","), fmt.Sprintf("%#v", raw)[7:],
			base64.StdEncoding.EncodeToString(raw)[:40], base64.RawURLEncoding.EncodeToString(raw)[:40],
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("a secret or its hash is printed, as %q", form)
			}
		}
	}
	if n := strings.Count(out.String(), "[sessions]"); n < 14 {
		t.Errorf("the registry is printed %d times: it was not tried", n)
	}
}

func TestAStoreWithoutAContractIsAMistakeAndNoOutage(t *testing.T) {
	for name, store := range map[string]backends.Store{
		"directly":        bare{storetest.Memory(t)},
		"through a cache": storetest.Cached(t, bare{storetest.Memory(t)}),
	} {
		f, ctx := newFixture(t, store), t.Context()
		k := f.open("1")
		f.trail.Take()
		for call, do := range map[string]func() error{
			"List":     func() error { _, _, err := f.sessions.List(ctx, "1", backends.Page{}); return err },
			"EndUser":  func() error { _, err := f.sessions.EndUser(ctx, "1", "", backends.ReasonRevoked); return err },
			"EndAll":   func() error { return f.sessions.EndAll(ctx, backends.ReasonRevoked) },
			"FindUser": func() error { _, err := f.sessions.FindUser(ctx, "1"); return err },
			"Rotate": func() error {
				_, _, err := f.keys.Rotate(request(t), k.id, k.secret, 1, backends.Grace{})
				return err
			},
		} {
			if err := do(); !errors.Is(err, middleware.ErrInvalidArgument) || errors.Is(err, middleware.ErrUnavailable) {
				t.Errorf("%s, %s: %v, want ErrInvalidArgument", name, call, err)
			}
		}
		s := f.find(k)
		f.keys.MarkSeen(ctx, &s, 2) // does nothing
		f.trail.WantEvents(t)
		if ok, err := f.sessions.End(ctx, "1", k.id, backends.ReasonRevoked); !ok || err != nil {
			t.Errorf("%s: End: %v, %v", name, ok, err)
		}
	}
}

func TestAUserIsFoundByID(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		if u, err := f.sessions.FindUser(t.Context(), "1"); err != nil || u.Name != "ann" {
			t.Errorf("%+v (%v), want ann", u, err)
		}
		if _, err := f.sessions.FindUser(t.Context(), "nobody"); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("nobody: %v, want ErrInvalidCredentials", err)
		}
	})
}
