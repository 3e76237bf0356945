package backendtest

import (
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

func invalidPromises() []promise {
	return []promise{
		{"a session that is not valid is a mistake, and is not created", invalidCreated},
		{"a session that is not valid is a mistake, and does not replace the one that is there", invalidReauthenticated},
		{"an authentication that is not after the former one is a mistake", notAfterFormer},
		{"a reason that is not valid is a mistake, and ends nothing", invalidRevoked},
	}
}

// invalidSessions returns changes that each make a valid session invalid.
func invalidSessions() map[string]func(*backends.Session) {
	bad := map[string]func(*backends.Session){
		"IP with a zone":         func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("fe80::1%eth0") },
		"IPv4 as IPv6":           func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("::ffff:192.0.2.7") },
		"IP of no machine":       func(s *backends.Session) { s.Client.IP = netip.IPv6Unspecified() },
		"Kind of 65 bytes":       func(s *backends.Session) { s.Kind = backends.Kind(strings.Repeat("k", 65)) },
		"UserAgent of 513 bytes": func(s *backends.Session) { s.Client.UserAgent = strings.Repeat("u", 513) },
		"Label of 129 bytes":     func(s *backends.Session) { s.Client.Label = strings.Repeat("l", 129) },
		"AMR of 1025 bytes":      func(s *backends.Session) { s.AMR = []string{strings.Repeat("a", 1025)} },
		"AMR of 1025 bytes in two": func(s *backends.Session) {
			s.AMR = []string{strings.Repeat("a", 512), strings.Repeat("b", 512)}
		},
		"empty method":               func(s *backends.Session) { s.AMR = []string{"pwd", ""} },
		"idle after absolute":        func(s *backends.Session) { s.IdleDeadline = s.AbsoluteDeadline.Add(tick) },
		"no IdleTimeout":             func(s *backends.Session) { s.IdleTimeout = 0 },
		"IdleTimeout below zero":     func(s *backends.Session) { s.IdleTimeout = -time.Hour },
		"IdleTimeout of 999 ns":      func(s *backends.Session) { s.IdleTimeout = 999 },
		"no RenewalInterval":         func(s *backends.Session) { s.RenewalInterval = 0 },
		"RenewalInterval below zero": func(s *backends.Session) { s.RenewalInterval = -time.Second },
		"generation below zero":      func(s *backends.Session) { s.Refresh.Generation = -1 },
		"generation without another": func(s *backends.Session) { s.Refresh.Generation = math.MaxInt64 },
		"an end":                     func(s *backends.Session) { s.Ended.At = at(0) },
		"a reason of an end":         func(s *backends.Session) { s.Ended.Reason = "logout" },
	}
	for what, spoil := range spoiledActors() {
		bad[what] = func(s *backends.Session) {
			s.Actor = acting("ann", at(0)).Actor
			spoil(s)
		}
	}
	for what, spoil := range spoiledBindings() {
		bad["Binding "+what] = func(s *backends.Session) {
			s.Binding = key("a", at(0))
			spoil(&s.Binding)
		}
	}
	for what, id := range notID() {
		bad["ID "+what] = func(s *backends.Session) { s.ID = id }
	}
	for what, text := range notText() {
		bad["UserID "+what] = func(s *backends.Session) { s.UserID = text }
		bad["Kind "+what] = func(s *backends.Session) { s.Kind = backends.Kind(text) }
	}
	for what, text := range badText() {
		if what != "256 bytes" { // which these fields may have
			bad["UserAgent "+what] = func(s *backends.Session) { s.Client.UserAgent = text }
			bad["AMR "+what] = func(s *backends.Session) { s.AMR = []string{text} }
		}
		bad["Label "+what] = func(s *backends.Session) { s.Client.Label = text }
	}
	for field := range times(&backends.Session{}) {
		bad[field+" in 1969"] = func(s *backends.Session) {
			*times(s)[field] = time.Date(1969, time.December, 31, 23, 59, 59, 0, time.UTC)
		}
		bad[field+" in 10000"] = func(s *backends.Session) {
			*times(s)[field] = time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC)
		}
		if !strings.HasPrefix(field, "Refresh") && !strings.HasPrefix(field, "Binding") && field != "Ended.At" {
			bad["no "+field] = func(s *backends.Session) { *times(s)[field] = time.Time{} }
		}
	}
	return bad
}

func invalidCreated(t *tester) {
	former := t.begun()
	for what, spoil := range invalidSessions() {
		o := session("ann", at(0))
		spoil(&o.Session)
		c := backends.CreateOptions{Replaces: former.ID}
		_, err := t.Store.Create(t.ctx, at(0), o.Session, o.hash, c)
		t.mistaken(what, err)
		t.unknown(o)
	}
	foreign := session("nobody", at(0))
	foreign.Kind = ""
	t.mistaken("no Kind, for a user who does not exist", t.tryCreate(foreign, backends.CreateOptions{}))
	t.unchanged(former, at(0))
}

func invalidReauthenticated(t *tester) {
	o := t.begun()
	for what, spoil := range invalidSessions() {
		next := o.again(at(time.Minute))
		spoil(&next.Session)
		t.mistaken(what, t.tryReauthenticate(next, at(time.Minute), at(0)))
		t.shut(o.ID, next.hash, at(time.Minute))
	}
	t.unchanged(o, at(time.Minute))
}

func notAfterFormer(t *tester) {
	// Otherwise two calls that read the same session could both win.
	o := t.begun()
	for _, now := range []time.Time{at(0), at(-tick), at(-time.Minute)} {
		next := o.again(now)
		t.mistaken("Reauthenticate", t.tryReauthenticate(next, at(0), at(0)))
		t.shut(o.ID, next.hash, at(0))
	}
	t.unchanged(o, at(0))
}

// badReasons returns what can be no reason.
func badReasons() map[string]backends.Reason {
	bad := map[string]backends.Reason{"65 bytes": backends.Reason(strings.Repeat("r", 65))}
	for what, text := range notText() {
		bad[what] = backends.Reason(text)
	}
	return bad
}

func invalidRevoked(t *tester) {
	o := t.begun()
	for what, why := range badReasons() {
		for _, id := range []string{o.ID, backends.NewID("ann")} {
			ok, err := t.Store.Revoke(t.ctx, at(0), id, why)
			if t.mistaken(what, err); ok {
				t.Errorf("%s: Revoke reports that it ended the session", what)
			}
		}
	}
	t.unchanged(o, at(0))
}
