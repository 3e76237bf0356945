package record_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

func at(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

func TestASessionComesBackAsItWas(t *testing.T) {
	full := backends.Session{
		ID: "AAAAAAAAAAAAAAAAAAAAAAAAAA", UserID: "ann", Kind: "custom",
		Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Mozilla/5.0", Label: "Ann's phone"},
		AMR:       []string{"pwd", "with space", "otp"},
		CreatedAt: at(1), AuthenticatedAt: at(2), LastSeenAt: at(3),
		IdleTimeout: 4 * time.Microsecond, RenewalInterval: time.Hour,
		IdleDeadline: at(5), AbsoluteDeadline: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		Refresh: backends.Refresh{Generation: 6, RotatedAt: at(7), SeenAt: at(8)},
		Ended:   backends.Ended{At: at(9), Reason: "logout"},
		Actor:   backends.Actor{UserID: "root", SessionID: "BBBBBBBBBBBBBBBBBBBBBBBBBB", UserVersion: 10},
		Binding: backends.Binding{Algorithm: "ES256", Thumbprint: "t", Key: "{}", BoundAt: at(11), ProvedAt: at(12)},
	}
	nobody := record.NewUser(&backends.User{})
	for what, change := range map[string]func(*backends.Session){
		"full":                         func(*backends.Session) {},
		"no address":                   func(s *backends.Session) { s.Client.IP = netip.Addr{} },
		"the address ::1":              func(s *backends.Session) { s.Client.IP = netip.IPv6Loopback() },
		"the address 0.0.0.1":          func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("0.0.0.1") },
		"IPv6":                         func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("2001:db8::1") },
		"no client":                    func(s *backends.Session) { s.Client = backends.Client{} },
		"no AMR":                       func(s *backends.Session) { s.AMR = nil },
		"one AMR":                      func(s *backends.Session) { s.AMR = []string{"pwd"} },
		"no refresh":                   func(s *backends.Session) { s.Refresh = backends.Refresh{} },
		"a generation not yet seen":    func(s *backends.Session) { s.Refresh.SeenAt = time.Time{} },
		"not ended":                    func(s *backends.Session) { s.Ended = backends.Ended{} },
		"no actor":                     func(s *backends.Session) { s.Actor = backends.Actor{} },
		"not bound":                    func(s *backends.Session) { s.Binding = backends.Binding{} },
		"neither":                      func(s *backends.Session) { s.Actor, s.Binding = backends.Actor{}, backends.Binding{} },
		"bound when 1970 began":        func(s *backends.Session) { s.Binding.BoundAt, s.Binding.ProvedAt = at(0), at(0) },
		"begun when 1970 did":          func(s *backends.Session) { s.CreatedAt, s.AuthenticatedAt, s.LastSeenAt = at(0), at(0), at(0) },
		"rotated and ended as it does": func(s *backends.Session) { s.Refresh.RotatedAt, s.Ended.At = at(0), at(0) },
	} {
		want := full.Clone()
		change(&want)
		r := record.NewSession(&want, backends.SecretHash{1})
		got := backends.Session{ID: want.ID, UserID: want.UserID}
		r.Read(&got, &nobody, &backends.User{})
		if !reflect.DeepEqual(got, want) || r.Secret != (backends.SecretHash{1}) {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
}

func TestAnAuthenticationReplacesWhatItReplaces(t *testing.T) {
	was := backends.Session{
		Kind: "cookie", Client: backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "curl", Label: "x"}, AMR: []string{"pwd"},
		CreatedAt: at(1), AuthenticatedAt: at(2), LastSeenAt: at(3), IdleTimeout: 4000, RenewalInterval: 5000, IdleDeadline: at(6), AbsoluteDeadline: at(7),
		Refresh: backends.Refresh{Generation: 8, RotatedAt: at(9), SeenAt: at(10)},
		Actor:   backends.Actor{UserID: "root"}, Binding: backends.Binding{Thumbprint: "t", BoundAt: at(11), ProvedAt: at(11)},
	}
	is := backends.Session{
		Kind: "token", Client: backends.Client{UserAgent: "wget"}, AMR: []string{"otp"},
		CreatedAt: at(11), AuthenticatedAt: at(12), LastSeenAt: at(13), IdleTimeout: 14000, RenewalInterval: 15000, IdleDeadline: at(16), AbsoluteDeadline: at(17),
		Actor: backends.Actor{UserID: "eve"}, Binding: backends.Binding{Thumbprint: "u", BoundAt: at(18), ProvedAt: at(18)},
	}
	r := record.NewSession(&was, backends.SecretHash{1})
	r.Restart(&is, backends.SecretHash{2})
	want := is
	want.Kind, want.Client, want.CreatedAt, want.Actor = was.Kind, was.Client, was.CreatedAt, was.Actor
	var got backends.Session
	nobody := record.NewUser(&backends.User{})
	if r.Read(&got, &nobody, &backends.User{}); !reflect.DeepEqual(got, want) || r.Secret != (backends.SecretHash{2}) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// A cache shares records: a binding is replaced in one of them.
func TestABindingIsReplacedInOneCopyAlone(t *testing.T) {
	bound := backends.Session{Binding: backends.Binding{Thumbprint: "t", BoundAt: at(1), ProvedAt: at(1)}}
	r := record.NewSession(&bound, backends.SecretHash{})
	other := r
	r.SetBinding(backends.Binding{Thumbprint: "u", BoundAt: at(2), ProvedAt: at(3)})
	if r.Binding().Thumbprint != "u" || other.Binding() != bound.Binding {
		t.Errorf("bindings %+v and %+v, want u and that of before", r.Binding(), other.Binding())
	}
	if n := r.Size(); n != 145 { // an object of 144 bytes, and its text
		t.Errorf("takes %d more bytes, want 145", n)
	}
	if r.SetBinding(backends.Binding{}); r.Binding() != (backends.Binding{}) || r.Size() != 0 {
		t.Errorf("binding %+v in %d bytes, want none", r.Binding(), r.Size())
	}
}

func TestASessionAndItsUserAreReadAlone(t *testing.T) {
	for _, lists := range []struct{ roles, amr []string }{
		{nil, nil},
		{[]string{"user"}, nil},
		{nil, []string{"pwd"}},
		{[]string{"user", "admin"}, []string{"pwd", "otp"}},
	} {
		r := record.NewSession(&backends.Session{AMR: lists.amr}, backends.SecretHash{})
		of := record.NewUser(&backends.User{Roles: lists.roles, Version: 3, Disabled: true})
		var s backends.Session
		var u backends.User
		r.Read(&s, &of, &u)
		if !reflect.DeepEqual(u, backends.User{Roles: lists.roles, Version: 3, Disabled: true}) || !reflect.DeepEqual(s.AMR, lists.amr) {
			t.Errorf("read %+v and %q, want %q and %q", u, s.AMR, lists.roles, lists.amr)
		}
		u.Roles = append(u.Roles, "root")
		if !reflect.DeepEqual(s.AMR, lists.amr) {
			t.Errorf("AMR %q after the roles have grown, want %q", s.AMR, lists.amr)
		}
	}
}

func TestASessionIsLiveUntilItExpiresOrEnds(t *testing.T) {
	s := backends.Session{IdleDeadline: at(10), AbsoluteDeadline: at(20)}
	ended := s
	ended.Ended = backends.Ended{At: at(1), Reason: "logout"}
	late := s
	late.IdleDeadline, late.AbsoluteDeadline = at(20), at(10)
	for _, c := range []struct {
		s    backends.Session
		now  int64
		want bool
	}{{s, 9, true}, {s, 10, false}, {late, 9, true}, {late, 10, false}, {ended, 9, false}, {ended, 0, false}} {
		r := record.NewSession(&c.s, backends.SecretHash{})
		if got := r.LiveAt(at(c.now)); got != c.want {
			t.Errorf("%+v at %d: live %v, want %v", c.s, c.now, got, c.want)
		}
	}
}
