package tokentest

import (
	"net/http"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Now returns the time as precisely as stores keep it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Tick returns when the clock shows a later time than it did, as precisely as stores keep it.
func Tick() {
	for begin := Now(); !Now().After(begin); {
		time.Sleep(time.Microsecond)
	}
}

// Begun is a session of the user that begins at the given time, not stored yet.
func Begun(user string, kind backends.Kind, p middleware.Policy, at time.Time) backends.Session {
	at = at.UTC().Truncate(time.Microsecond)
	timeouts := p.Timeouts()
	s := backends.Session{
		ID: backends.NewID(user), UserID: user, Kind: kind, CreatedAt: at, AMR: []string{"pwd"},
		IdleTimeout: timeouts.Idle, RenewalInterval: timeouts.Interval,
	}
	s.Begin(at, timeouts.Absolute)
	return s
}

// Stored stores a session of tokens that began so long ago and was not used since, and returns
// it with its first refresh token, of [RefreshKeyA].
func Stored(t testing.TB, s backends.Store, user string, p middleware.Policy, ago time.Duration) (row backends.Session, refresh string) {
	t.Helper()
	row = Begun(user, backends.KindToken, p, time.Now().Add(-ago))
	row.RenewalInterval = min(row.RenewalInterval, 150*time.Second)
	row.Refresh = backends.Refresh{Generation: 1, RotatedAt: row.CreatedAt}
	secret := backends.NewSecret()
	if _, err := s.Create(t.Context(), row.CreatedAt, row, secret.Hash(), backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return row, EncodeRefresh(RefreshKeyA, row.ID, 1, secret)
}

// Aged is Stored for user 1 and [Policy], without the refresh token.
func Aged(t testing.TB, s backends.Store, ago time.Duration) backends.Session {
	t.Helper()
	row, _ := Stored(t, s, "1", Policy, ago)
	return row
}

// DeviceAgo returns a device of user 1, whose tokens were refreshed just now, in a session that
// began so long ago.
func DeviceAgo(t testing.TB, s backends.Store, app http.Handler, ago time.Duration) *Device {
	t.Helper()
	d := NewDevice(t, app, "")
	_, d.Refresh = Stored(t, s, "1", Policy, ago)
	d.Next()
	return d
}

// BrowserAgo returns a browser of user 1 whose session began so long ago, and whose cookies were
// refreshed just now.
func BrowserAgo(t testing.TB, s backends.Store, app http.Handler, ago time.Duration) *Browser {
	t.Helper()
	b := NewBrowser(t, app)
	_, b.Jar["__Host-refresh"] = Stored(t, s, "1", Policy, ago)
	b.Status("POST", "/refresh", 200)
	return b
}

// RowOf returns the session with the ID, live or not.
func RowOf(t testing.TB, s backends.Store, id string) backends.Session {
	t.Helper()
	row, _, err := s.Find(t.Context(), time.Now(), id, backends.SecretHash{})
	if row.ID == "" {
		t.Fatal(err)
	}
	return row
}

// SessionOf returns the session that an access token names, live or not.
func SessionOf(t testing.TB, s backends.Store, access string) backends.Session {
	t.Helper()
	return RowOf(t, s, SID(t, access))
}
