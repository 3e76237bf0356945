package session_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestASessionIsOpenedAndFoundByWhatProvesIt(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		k := f.mustOpen(middleware.Login{Subject: "2", AMR: []string{"pwd", "otp"}, Label: "backup\x00"}, session.Opening{})
		f.trail.WantEvents(t, event("login", "2", k.id, ""))
		row, u, err := f.keys.Find(t.Context(), k.id, k.secret)
		if err != nil {
			t.Fatal(err)
		}
		if row.ID != k.id || row.UserID != "2" || row.Kind != "api_key" || !slices.Equal(row.AMR, []string{"pwd", "otp"}) ||
			row.Client != (backends.Client{IP: netip.MustParseAddr("192.0.2.1"), UserAgent: "curl/8.5.0", Label: "backup"}) ||
			row.IdleTimeout != 30*time.Minute || row.RenewalInterval != 3*time.Minute ||
			row.IdleDeadline.Sub(row.CreatedAt) != 30*time.Minute || row.AbsoluteDeadline.Sub(row.CreatedAt) != 12*time.Hour ||
			!row.AuthenticatedAt.Equal(row.CreatedAt) || !row.LastSeenAt.Equal(row.CreatedAt) {
			t.Errorf("session %+v", row)
		}
		id, err := f.keys.Authenticate(t.Context(), k.id, k.secret)
		if err != nil || id.Subject != "2" || !slices.Equal(id.Roles, []string{"user", "admin"}) || id.Method != "api-key" || id.SessionID != k.id ||
			!id.AuthTime.Equal(row.AuthenticatedAt) || !slices.Equal(id.AMR, row.AMR) || !id.ExpiresAt.Equal(row.IdleDeadline) ||
			id.Session != (middleware.Lifetime{Idle: row.IdleTimeout, Interval: row.RenewalInterval, LastSeen: row.LastSeenAt, IdleDeadline: row.IdleDeadline, AbsoluteDeadline: row.AbsoluteDeadline}) {
			t.Errorf("identity %+v (%v)", id, err)
		}
		if u.ID != "2" || u.Name != "root" {
			t.Errorf("user %+v", u)
		}
		byID, _, err := f.keys.FindByID(t.Context(), k.id)
		if err != nil || byID.ID != k.id {
			t.Errorf("by its ID: %+v (%v)", byID, err)
		}
		f.trail.WantEvents(t)
	})
}

func TestWhatDoesNotProveASessionOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		k, other := f.open("1"), f.open("1")
		for name, row := range map[string]struct {
			method *session.Method
			id     string
			secret backends.Secret
		}{
			"another secret":                   {f.keys, k.id, backends.NewSecret()},
			"the zero secret":                  {f.keys, k.id, backends.Secret{}},
			"another session's secret":         {f.keys, k.id, other.secret},
			"an unknown session":               {f.keys, backends.NewID("1"), k.secret},
			"no ID":                            {f.keys, "", k.secret},
			"what is no ID":                    {f.keys, "' OR 1=1 --", k.secret},
			"a way of proving of another kind": {f.sessions.Method("cookie", "api-key"), k.id, k.secret},
		} {
			_, _, err := row.method.Find(t.Context(), row.id, row.secret)
			if !errors.Is(err, middleware.ErrInvalidCredentials) || errors.Is(err, middleware.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrInvalidCredentials", name, err)
			}
		}
		if _, _, err := f.sessions.Method("cookie", "cookie").FindByID(t.Context(), k.id); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("the ID of another kind: %v, want ErrInvalidCredentials", err)
		}
		if id, err := f.sessions.Method("api_key", "another name").Authenticate(t.Context(), k.id, k.secret); err != nil || id.Method != "another name" {
			t.Errorf("the same kind by another name: %+v (%v)", id, err)
		}
	})
}

func TestAnEndedSessionIsFoundWithAnErrorThatSaysHow(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		for reason, want := range map[backends.Reason]error{
			"revoked": middleware.ErrSessionRevoked, "superseded": middleware.ErrSessionSuperseded, "theft": middleware.ErrSessionStolen,
			"cleaning day": middleware.ErrSessionRevoked,
		} {
			k := f.open("1")
			if ok, err := f.sessions.End(t.Context(), "1", k.id, reason); !ok || err != nil {
				t.Fatalf("End: %v, %v", ok, err)
			}
			row, _, err := f.keys.Find(t.Context(), k.id, k.secret)
			if !errors.Is(err, want) || row.Ended.Reason != reason || row.UserID != "1" {
				t.Errorf("%s: %+v, %v; want %v with the session", reason, row, err, want)
			}
		}
		k := f.open("1")
		if err := s.Users().DeleteUser(t.Context(), time.Now(), "1"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.keys.Authenticate(t.Context(), k.id, k.secret); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("a deleted user: %v, want ErrInvalidCredentials", err)
		}
	})
}

// lax is a policy that finds itself valid, whatever it says.
type lax middleware.Timeouts

func (lax) Validate() error                 { return nil }
func (l lax) Timeouts() middleware.Timeouts { return middleware.Timeouts(l) }

// badLogins are mistakes of the application, and what their errors name.
var badLogins = map[string]struct {
	login middleware.Login
	names string
}{
	"a zero policy":                        {middleware.Login{Subject: "1", Policy: sliding.Policy{}}, "Login.Policy: sliding: Policy.Idle is 0s"},
	"a policy without an absolute limit":   {middleware.Login{Subject: "1", Policy: sliding.Policy{Idle: time.Hour}}, "Login.Policy: sliding: Policy.Absolute is 0s"},
	"a nil policy in its interface":        {middleware.Login{Subject: "1", Policy: (*sliding.Policy)(nil)}, "Login.Policy is a nil *sliding.Policy"},
	"a policy of its own that is zero":     {middleware.Login{Subject: "1", Policy: lax{}}, "Session.IdleTimeout"},
	"a policy of its own that is negative": {middleware.Login{Subject: "1", Policy: lax{Idle: -time.Hour, Absolute: time.Hour, Interval: time.Second}}, "Session.IdleTimeout"},
	"AMR of 1025 bytes":                    {middleware.Login{Subject: "1", AMR: []string{strings.Repeat("a", 512), strings.Repeat("b", 512)}}, "Session.AMR has 1025 bytes"},
	"AMR with a line break":                {middleware.Login{Subject: "1", AMR: []string{"pwd", "o\np"}}, "Session.AMR[1]"},
	"AMR that is empty":                    {middleware.Login{Subject: "1", AMR: []string{""}}, "Session.AMR[0] is empty"},
}

func TestAMistakeOfTheApplicationIsNoOutageAndNobodysFault(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		wantMistake := func(name string, err error, names string) {
			t.Helper()
			if !errors.Is(err, middleware.ErrInvalidArgument) || errors.Is(err, middleware.ErrUnavailable) || errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("%s: %v, want ErrInvalidArgument", name, err)
			}
			if err != nil && !strings.Contains(err.Error(), names) {
				t.Errorf("%s: %v, want it to name %s", name, err, names)
			}
			w := httptest.NewRecorder()
			middleware.Refuse(w, httptest.NewRequest("POST", "/", nil), err)
			if w.Code != 500 {
				t.Errorf("%s: status %d, want 500", name, w.Code)
			}
		}
		for name, row := range badLogins {
			_, err := f.keys.Open(request(t), row.login, session.Opening{Secret: backends.NewSecret()})
			wantMistake(name, err, row.names)
			f.trail.WantEvents(t, event("login_failed", "1", "", "invalid_argument"))
		}
		for name, subject := range map[string]string{"no subject": "", "a subject with a line break": "1\n2", "a long one": strings.Repeat("x", 256)} {
			_, err := f.keys.Open(request(t), middleware.Login{Subject: subject}, session.Opening{})
			wantMistake(name, err, "Session.UserID")
		}
		_, err := f.sessions.Method("", "api-key").Open(request(t), middleware.Login{Subject: "1"}, session.Opening{})
		wantMistake("no kind", err, "Session.Kind")
		negative := newFixture(t, s, limited(backends.Limit{Total: -1}))
		_, err = negative.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{})
		wantMistake("a negative limit", err, "Limit.Total")
		if live, _, err := f.sessions.List(t.Context(), "1", backends.Page{}); err != nil || len(live) != 0 {
			t.Errorf("%d live sessions (%v), want none", len(live), err)
		}

		k := f.open("1")
		before := f.find(k)
		f.trail.Take()
		for name, row := range badLogins {
			now := before
			wantMistake("again: "+name, f.keys.Reauthenticate(request(t), &now, row.login, session.Opening{Secret: backends.NewSecret()}), row.names)
			if !now.AuthenticatedAt.Equal(before.AuthenticatedAt) {
				t.Errorf("%s: the session is as if it had been authenticated again", name)
			}
		}
		_, err = f.sessions.EndUser(t.Context(), "1", "", "cleaning\nday")
		wantMistake("a reason with a line break", err, "Reason")
		_, err = f.sessions.End(t.Context(), "1", k.id, "")
		wantMistake("no reason", err, "Reason")
		err = f.sessions.EndAll(t.Context(), backends.Reason(strings.Repeat("x", 65)))
		wantMistake("a long reason", err, "Reason")
		f.trail.WantEvents(t)
		f.find(k)
	})
}

func TestALoginThatTheStoreRefusesSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		ann, err := f.sessions.FindUser(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Users().SetDisabled(t.Context(), time.Now(), "2", true); err != nil {
			t.Fatal(err)
		}
		for reason, l := range map[string]middleware.Login{
			"user_disabled": {Subject: "2"},
			"user_changed":  {Subject: "1", UserVersion: ann.Version},
		} {
			_, err := f.keys.Open(request(t), l, session.Opening{})
			if !errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("%s: %v, want ErrInvalidCredentials", reason, err)
			}
			if says := strings.Contains(err.Error(), "in the store of the sessions"); says != (reason == "user_changed") {
				t.Errorf("%s: %v; says whose version is meant: %t", reason, err, says)
			}
			f.trail.WantEvents(t, event("login_failed", l.Subject, "", reason))
		}
	})
}

func TestALoginOfAUserWhomTheStoreDoesNotKnowIsTheApplicationsMistake(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		f := newFixture(t, s)
		_, err := f.keys.Open(request(t), middleware.Login{Subject: "nobody"}, session.Opening{})
		if !errors.Is(err, middleware.ErrInvalidArgument) || errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Fatalf("%v, want ErrInvalidArgument", err)
		}
		if !strings.Contains(err.Error(), "the store of the sessions has no such user") {
			t.Errorf("%v does not say that the store must have the user", err)
		}
		f.trail.WantEvents(t, event("login_failed", "nobody", "", "unknown_user"))
		w := httptest.NewRecorder()
		if middleware.Refuse(w, request(t), err); w.Code != 500 {
			t.Errorf("status %d, want 500", w.Code)
		}
	})
}

func TestALimitHoldsHoweverASessionIsOpened(t *testing.T) {
	// DV-7: two ways of proving, one registry.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		f := newFixture(t, s, limited(backends.Limit{Total: 2, Refuse: true}))
		certificates := f.sessions.Method("certificate", "mtls")
		f.open("1")
		first, err := certificates.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		f.trail.Take()
		for _, m := range []*session.Method{f.keys, certificates} {
			if _, err := m.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{}); !errors.Is(err, middleware.ErrTooManySessions) {
				t.Errorf("%v, want ErrTooManySessions", err)
			}
		}
		byCertificate := event("limit", "1", "", "too_many_sessions")
		byCertificate.Method = "mtls"
		f.trail.WantEvents(t, event("limit", "1", "", "too_many_sessions"), byCertificate)
		if err := certificates.Logout(request(t), middleware.Identity{Subject: "1", SessionID: first.ID}); err != nil {
			t.Fatal(err)
		}
		f.open("1")

		evicting := newFixture(t, s, limited(backends.Limit{Total: 1}))
		live, _, _ := f.sessions.List(t.Context(), "1", backends.Page{})
		k := evicting.open("1")
		got := evicting.trail.Take()
		if len(got) != 3 || got[0].SessionID != k.id || got[1].Type != "superseded" || got[2].Type != "superseded" ||
			got[1].SessionID == got[2].SessionID || got[1].SessionID != live[0].ID && got[1].SessionID != live[1].ID {
			t.Errorf("events %+v, want a login and that the two of before were superseded", got)
		}
	})
}

func TestTheSessionsThatTheClientHadEnd(t *testing.T) {
	// Those of the user, and of another; one that has ended, and one that never was, are nothing.
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		anns, anns2, roots, gone, bystander := f.open("1"), f.open("1"), f.open("2"), f.open("1"), f.open("1")
		if _, err := f.sessions.End(t.Context(), "1", gone.id, backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		f.trail.Take()
		k := f.mustOpen(middleware.Login{Subject: "1"}, session.Opening{Former: []string{gone.id, anns.id, backends.NewID("1"), roots.id, anns2.id, roots.id}})
		f.trail.WantEvents(t, event("login", "1", k.id, ""),
			event("revoked", "1", anns.id, "replaced"), event("revoked", "2", roots.id, "replaced"), event("revoked", "1", anns2.id, "replaced"))
		for _, former := range []key{anns, anns2, roots} {
			if row, _, err := f.keys.Find(t.Context(), former.id, former.secret); !errors.Is(err, middleware.ErrSessionRevoked) || row.Ended.Reason != "replaced" {
				t.Errorf("a former session: %+v, %v; want replaced", row.Ended, err)
			}
		}
		f.find(bystander)
	})
}

func TestACredentialThatCannotBeMadeOpensAndEndsNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		former := f.open("1")
		f.trail.Take()
		tooLong := errors.New("too long for a header")
		var draft backends.Session
		o := session.Opening{Former: []string{former.id}, Prepare: func(s *backends.Session) error { draft = *s; return tooLong }}
		if _, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, o); !errors.Is(err, tooLong) {
			t.Errorf("Open: %v, want the error of Prepare", err)
		}
		if _, _, err := f.keys.FindByID(t.Context(), draft.ID); !backends.ValidID(draft.ID) || !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("the draft %q: %v, want that it never was", draft.ID, err)
		}
		row := f.find(former)
		o.Secret = backends.NewSecret()
		if err := f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1"}, o); !errors.Is(err, tooLong) {
			t.Errorf("Reauthenticate: %v, want the error of Prepare", err)
		}
		f.find(former)
		f.trail.WantEvents(t, event("login_failed", "1", "", "unavailable"))
	})
}

// immortal fails to end one session.
type immortal struct {
	storetest.Store
	id string
}

func (s *immortal) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if id == s.id {
		return false, storetest.ErrDown
	}
	return s.Store.Revoke(ctx, now, id, why)
}

func TestALoginThatFailsHalfwayLeavesNoSessionAndSaysWhatItEnded(t *testing.T) {
	// OB-1: another user's session cannot be ended, after a new one has superseded one.
	m := storetest.Memory(t)
	s := &immortal{Store: m}
	f := newFixture(t, s, limited(backends.Limit{Total: 1}))
	anns, roots := f.open("1"), f.open("2")
	f.trail.Take()
	s.id = roots.id
	_, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{Former: []string{roots.id}})
	if !errors.Is(err, middleware.ErrUnavailable) || !errors.Is(err, storetest.ErrDown) {
		t.Errorf("%v, want ErrUnavailable and why", err)
	}
	f.trail.WantEvents(t, event("login_failed", "1", "", "unavailable"), event("superseded", "1", anns.id, "superseded"))
	wantLive(t, m, map[string]int{"1": 0, "2": 1})
}

func TestALoginWhoseFormerSessionsCannotBeLookedUpChangesNothing(t *testing.T) {
	m := storetest.Memory(t)
	failing := &storetest.Failing{Store: m}
	f := newFixture(t, failing, limited(backends.Limit{Total: 1}))
	f.open("1")
	roots := f.open("2")
	f.trail.Take()
	failing.NoFind = true
	_, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{Former: []string{roots.id}})
	if !errors.Is(err, middleware.ErrUnavailable) || !errors.Is(err, storetest.ErrDown) {
		t.Errorf("%v, want ErrUnavailable and why", err)
	}
	f.trail.WantEvents(t, event("login_failed", "1", "", "unavailable"))
	wantLive(t, m, map[string]int{"1": 1, "2": 1})
}

func wantLive(t *testing.T, s backends.SessionLister, want map[string]int) {
	t.Helper()
	for user, n := range want {
		if live, _, err := s.List(t.Context(), time.Now(), user, backends.Page{}); err != nil || len(live) != n {
			t.Errorf("user %s has %d live sessions (%v), want %d", user, len(live), err, n)
		}
	}
}

func TestASessionWithoutASecretIsFoundByItsIDAlone(t *testing.T) {
	// As that of an access token, which proves the ID by a signature.
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		s, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.keys.FindByID(t.Context(), s.ID); err != nil {
			t.Errorf("by its ID: %v", err)
		}
		for _, secret := range []backends.Secret{{}, backends.NewSecret()} {
			if _, _, err := f.keys.Find(t.Context(), s.ID, secret); !errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("by a secret: %v, want ErrInvalidCredentials", err)
			}
		}
	})
}
