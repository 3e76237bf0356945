package backends_test

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/inga-auth/inga/backends"
)

func TestASessionThatIsValidIsAcceptedByEveryStore(t *testing.T) {
	for what, change := range map[string]func(*backends.Session){
		"as it begins":            func(*backends.Session) {},
		"an ID without a place":   func(s *backends.Session) { s.ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
		"a user ID of 255 bytes":  func(s *backends.Session) { s.UserID = strings.Repeat("전", 85) },
		"a kind of 64 bytes":      func(s *backends.Session) { s.Kind = backends.Kind(strings.Repeat("k", 64)) },
		"no client":               func(s *backends.Session) { s.Client = backends.Client{} },
		"IPv6":                    func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("2001:db8::7") },
		"user agent of 512 bytes": func(s *backends.Session) { s.Client.UserAgent = strings.Repeat("u", 512) },
		"label of 128 bytes":      func(s *backends.Session) { s.Client.Label = strings.Repeat("é", 64) },
		"no AMR":                  func(s *backends.Session) { s.AMR = nil },
		"AMR of 1024 bytes":       func(s *backends.Session) { s.AMR = []string{strings.Repeat("a", 511), strings.Repeat("b", 512)} },
		"one AMR of 1024 bytes":   func(s *backends.Session) { s.AMR = []string{strings.Repeat("a", 1024)} },
		"a microsecond":           func(s *backends.Session) { s.IdleTimeout, s.RenewalInterval = time.Microsecond, time.Microsecond },
		"both deadlines are one":  func(s *backends.Session) { s.IdleDeadline = s.AbsoluteDeadline },
		"created in 1970":         func(s *backends.Session) { s.CreatedAt = time.Unix(0, 0) },
		"until 9999":              func(s *backends.Session) { s.AbsoluteDeadline = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) },
		"until 9999 in UTC": func(s *backends.Session) {
			s.AbsoluteDeadline = time.Date(10000, 1, 1, 8, 0, 0, 0, time.FixedZone("KST", 9*3600))
		},
		"another time zone":   func(s *backends.Session) { s.CreatedAt = s.CreatedAt.In(time.FixedZone("KST", 9*3600)) },
		"with refresh tokens": func(s *backends.Session) { s.Refresh = backends.Refresh{Generation: 1, RotatedAt: noon()} },
		"acted in":            func(s *backends.Session) { s.Actor = validActor() },
		"bound":               func(s *backends.Session) { s.Binding = validBinding() },
		"its refresh token is used": func(s *backends.Session) {
			s.Refresh = backends.Refresh{Generation: 1, RotatedAt: noon(), SeenAt: noon()}
		},
	} {
		s := validSession()
		change(&s)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v, want no error", what, err)
		}
	}
}

func TestASessionThatIsNotValidNamesTheField(t *testing.T) {
	for _, row := range []struct {
		field  string
		change func(*backends.Session)
	}{
		{"Session.ID", func(s *backends.Session) { s.ID = "" }},
		{"Session.ID", func(s *backends.Session) { s.ID = "ann" }},
		{"Session.UserID", func(s *backends.Session) { s.UserID = "" }},
		{"Session.UserID", func(s *backends.Session) { s.UserID = strings.Repeat("x", 256) }},
		{"Session.UserID", func(s *backends.Session) { s.UserID = "ann\n" }},
		{"Session.Kind", func(s *backends.Session) { s.Kind = "" }},
		{"Session.Kind", func(s *backends.Session) { s.Kind = backends.Kind(strings.Repeat("k", 65)) }},
		{"Session.Kind", func(s *backends.Session) { s.Kind = "\x00" }},
		{"Session.Client.UserAgent", func(s *backends.Session) { s.Client.UserAgent = strings.Repeat("u", 513) }},
		{"Session.Client.UserAgent", func(s *backends.Session) { s.Client.UserAgent = "\xff" }},
		{"Session.Client.Label", func(s *backends.Session) { s.Client.Label = strings.Repeat("é", 64) + "x" }},
		{"Session.Client.Label", func(s *backends.Session) { s.Client.Label = "a\tb" }},
		{"Session.Client.IP", func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("fe80::1%eth0") }},
		{"Session.Client.IP", func(s *backends.Session) { s.Client.IP = netip.MustParseAddr("::ffff:192.0.2.7") }},
		{"Session.Client.IP", func(s *backends.Session) { s.Client.IP = netip.IPv4Unspecified() }},
		{"Session.AMR[1]", func(s *backends.Session) { s.AMR = []string{"pwd", ""} }},
		{"Session.AMR[0]", func(s *backends.Session) { s.AMR = []string{"p\x00wd"} }},
		{"Session.AMR", func(s *backends.Session) { s.AMR = []string{strings.Repeat("a", 512), strings.Repeat("b", 512)} }},
		{"Session.CreatedAt", func(s *backends.Session) { s.CreatedAt = time.Time{} }},
		{"Session.CreatedAt", func(s *backends.Session) { s.CreatedAt = time.Unix(-1, 0) }},
		{"Session.AuthenticatedAt", func(s *backends.Session) { s.AuthenticatedAt = time.Time{} }},
		{"Session.LastSeenAt", func(s *backends.Session) { s.LastSeenAt = time.Time{} }},
		{"Session.IdleDeadline", func(s *backends.Session) { s.IdleDeadline = time.Time{} }},
		{"Session.IdleDeadline", func(s *backends.Session) { s.IdleDeadline = s.AbsoluteDeadline.Add(1) }},
		{"Session.AbsoluteDeadline", func(s *backends.Session) { s.AbsoluteDeadline = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"Session.AbsoluteDeadline", func(s *backends.Session) {
			s.AbsoluteDeadline = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("EST", -5*3600)) // 10000 in UTC
		}},
		{"Session.Refresh.RotatedAt", func(s *backends.Session) { s.Refresh = backends.Refresh{Generation: 1, RotatedAt: time.Unix(-1, 0)} }},
		{"Session.Refresh.SeenAt", func(s *backends.Session) {
			s.Refresh = backends.Refresh{Generation: 1, RotatedAt: noon(), SeenAt: time.Unix(-1, 0)}
		}},
		{"Session.Refresh.Generation", func(s *backends.Session) { s.Refresh.Generation = -1 }},
		{"Session.Refresh.Generation", func(s *backends.Session) { s.Refresh.Generation = math.MaxInt64 }},
		{"Session.IdleTimeout", func(s *backends.Session) { s.IdleTimeout = 0 }},
		{"Session.IdleTimeout", func(s *backends.Session) { s.IdleTimeout = 999 }},
		{"Session.RenewalInterval", func(s *backends.Session) { s.RenewalInterval = 0 }},
		{"Session.RenewalInterval", func(s *backends.Session) { s.RenewalInterval = -time.Minute }},
		{"Session.Actor.UserID", func(s *backends.Session) { s.Actor = validActor(); s.Actor.UserID = "" }},
		{"Session.Actor.UserID", func(s *backends.Session) { s.Actor = validActor(); s.Actor.UserID = s.UserID }},
		{"Session.Actor.SessionID", func(s *backends.Session) { s.Actor = validActor(); s.Actor.SessionID = "" }},
		{"Session.Actor.SessionID", func(s *backends.Session) { s.Actor = validActor(); s.Actor.SessionID = s.ID }},
		{"Session.Actor.UserVersion", func(s *backends.Session) { s.Actor = validActor(); s.Actor.UserVersion = 0 }},
		{"Session.Binding.Algorithm", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.Algorithm = "" }},
		{"Session.Binding.Thumbprint", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.Thumbprint = "" }},
		{"Session.Binding.Thumbprint", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.Thumbprint += "=" }},
		{"Session.Binding.Key", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.Key = "" }},
		{"Session.Binding.Key", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.Key = strings.Repeat("k", 1025) }},
		{"Session.Binding.BoundAt", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.BoundAt = time.Time{} }},
		{"Session.Binding.ProvedAt", func(s *backends.Session) { s.Binding = validBinding(); s.Binding.ProvedAt = time.Unix(-1, 0) }},
		{"Session.Ended", func(s *backends.Session) { s.Ended.At = noon() }},
		{"Session.Ended", func(s *backends.Session) { s.Ended.Reason = "logout" }},
	} {
		s := validSession()
		row.change(&s)
		wantMistake(t, s.Validate(), row.field)
	}
}

func validActor() backends.Actor {
	return backends.Actor{UserID: "root", SessionID: "BBBBBBBBBBBBBBBBBBBBBBBBBB", UserVersion: 1}
}

// validBinding is to the key of RFC 7638, section 3.1.
func validBinding() backends.Binding {
	return backends.Binding{
		Algorithm: "RS256", Thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", Key: `{"e":"AQAB","kty":"RSA","n":"0vx7"}`,
		BoundAt: noon(), ProvedAt: noon(),
	}
}

func TestABindingThatIsNotValidNamesEveryField(t *testing.T) {
	b := validBinding()
	if err := b.Validate(); err != nil {
		t.Errorf("%v, want no error", err)
	}
	err := (&backends.Binding{}).Validate()
	for _, field := range []string{"Algorithm", "Thumbprint", "Key", "BoundAt", "ProvedAt"} {
		if !errors.Is(err, backends.ErrInvalidArgument) || !strings.Contains(err.Error(), "Binding."+field+" ") {
			t.Errorf("error %v, want one that names %s", err, field)
		}
	}
}

// wantMistake demands one mistake, about that field.
func wantMistake(t *testing.T, err error, field string) {
	t.Helper()
	if !errors.Is(err, backends.ErrInvalidArgument) {
		t.Errorf("%s: error %v, want ErrInvalidArgument", field, err)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, "backends: invalid argument: "+field+" ") || strings.Contains(text, "\n") {
		t.Errorf("error %q, want one line about %s", text, field)
	}
}

func TestAllMistakesOfASessionAreReported(t *testing.T) {
	err := (&backends.Session{}).Validate()
	for _, field := range []string{"ID", "UserID", "Kind", "CreatedAt", "AuthenticatedAt", "LastSeenAt", "IdleDeadline", "AbsoluteDeadline", "IdleTimeout", "RenewalInterval"} {
		if err == nil || !strings.Contains(err.Error(), "Session."+field+" ") {
			t.Errorf("error %v, want one that names %s", err, field)
		}
	}
}

func TestAMistakeRepeatsLittleOfAnEndlessText(t *testing.T) {
	s := validSession()
	s.ID, s.UserID, s.Kind = strings.Repeat("x", 1<<20), strings.Repeat("\x00", 1<<20), backends.Kind(strings.Repeat("\xff", 1<<20))
	text := fmt.Sprint(s.Validate())
	if text == "<nil>" || len(text) > 2000 || strings.Contains(text, "\x00") || !utf8.ValidString(text) {
		t.Errorf("%d bytes: %.100q, want an error of at most 2000 bytes that can be printed", len(text), text)
	}
}

func TestAReasonHas1To64BytesOfText(t *testing.T) {
	for _, r := range []backends.Reason{backends.ReasonLogout, backends.ReasonReplaced, backends.ReasonSuperseded, backends.ReasonRevoked, backends.ReasonCredentials, backends.ReasonUser, backends.ReasonTheft, "계정 정지", backends.Reason(strings.Repeat("r", 64))} {
		if err := r.Validate(); err != nil {
			t.Errorf("%q: %v, want no error", r, err)
		}
	}
	for _, r := range []backends.Reason{"", "log\nout", "\xff", backends.Reason(strings.Repeat("r", 65))} {
		wantMistake(t, r.Validate(), "Reason")
	}
}

func TestAUserHasAnIDAndTextsForNameAndRoles(t *testing.T) {
	long := strings.Repeat("x", 255)
	for what, u := range map[string]backends.User{
		"an ID only": {ID: "ann"},
		"everything": {ID: "u-1", Name: "안나", Roles: []string{"user", "admin"}, Disabled: true, Version: 7},
		"the most":   {ID: long, Name: long, Roles: []string{long}},
	} {
		if err := u.Validate(); err != nil {
			t.Errorf("%s: %v, want no error", what, err)
		}
	}
	for _, row := range []struct {
		field string
		u     backends.User
	}{
		{"User.ID", backends.User{}},
		{"User.ID", backends.User{ID: long + "x"}},
		{"User.ID", backends.User{ID: "a\x7f"}},
		{"User.Name", backends.User{ID: "ann", Name: long + "x"}},
		{"User.Name", backends.User{ID: "ann", Name: "ann\r"}},
		{"User.Roles[0]", backends.User{ID: "ann", Roles: []string{""}}},
		{"User.Roles[1]", backends.User{ID: "ann", Roles: []string{"user", "ad\nmin"}}},
		{"User.Roles[1]", backends.User{ID: "ann", Roles: []string{"user", long + "x"}}},
	} {
		wantMistake(t, row.u.Validate(), row.field)
	}
}

func TestRolesAreTexts(t *testing.T) {
	if err := backends.ValidRoles(nil); err != nil {
		t.Errorf("no roles: %v", err)
	}
	err := backends.ValidRoles([]string{"", "user", "\xff"})
	if !errors.Is(err, backends.ErrInvalidArgument) || !strings.Contains(err.Error(), "User.Roles[0]") || !strings.Contains(err.Error(), "User.Roles[2]") {
		t.Errorf("error %v, want one that names both roles", err)
	}
}

func TestAPasswordHashIsTextAndNotRepeated(t *testing.T) {
	for _, h := range []string{"", "$2b$12$abc", strings.Repeat("h", 1024)} {
		if err := backends.ValidPasswordHash(h); err != nil {
			t.Errorf("%d bytes: %v, want no error", len(h), err)
		}
	}
	for _, h := range []string{"$2b$12$abc\n", "$2b$12$abc\xff", "$2b$12$" + strings.Repeat("h", 1018)} {
		err := backends.ValidPasswordHash(h)
		wantMistake(t, err, "password hash")
		if err != nil && strings.Contains(err.Error(), "$2b$") {
			t.Errorf("the error repeats the hash: %v", err)
		}
	}
}

func TestAValueHasAKeyAndAtMost4096Bytes(t *testing.T) {
	for _, n := range []int{0, 1, 4096} {
		if err := backends.ValidValue(strings.Repeat("k", 64), make([]byte, n)); err != nil {
			t.Errorf("%d bytes: %v, want no error", n, err)
		}
	}
	for _, key := range []string{"", strings.Repeat("k", 65), "a\x00", "\xff"} {
		wantMistake(t, backends.ValidValue(key, nil), "key")
		if backends.ValidKey(key) {
			t.Errorf("%.20q is a valid key", key)
		}
	}
	wantMistake(t, backends.ValidValue("cart", make([]byte, 4097)), "value")
}
