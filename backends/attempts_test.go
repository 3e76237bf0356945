package backends_test

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

var start = time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC)

// drive makes n tries at the budget, each as soon as it is allowed, and returns when the last one
// was and what is stored then.
func drive(t *testing.T, b backends.Budget, n int) (time.Time, backends.Tries) {
	t.Helper()
	now, stored := start, []backends.Tries{{}}
	for range n {
		next, err := backends.TakeTurns(now, []backends.Budget{b}, stored)
		var refused *backends.WaitError
		if errors.As(err, &refused) {
			now = now.Add(refused.Wait)
			next, err = backends.TakeTurns(now, []backends.Budget{b}, stored)
		}
		if err != nil {
			t.Fatal(err)
		}
		stored = next
	}
	return now, stored[0]
}

// wait returns how long a try at now has to wait.
func wait(b backends.Budget, now time.Time, stored backends.Tries) time.Duration {
	_, err := backends.TakeTurns(now, []backends.Budget{b}, []backends.Tries{stored})
	var refused *backends.WaitError
	if errors.As(err, &refused) {
		return refused.Wait
	}
	return 0
}

// ASVS 6.1.1, 6.3.1; NIST SP 800-63B-4, section 3.2.2.
func TestAnAccountHasFiveFreeTriesThenWaitsOfASecondToAnHourAndAHundredInAll(t *testing.T) {
	b := backends.PerAccount("password", "ann")
	for _, row := range []struct {
		tries       int
		after, wait time.Duration
	}{
		{4, 0, 0},
		{5, 0, time.Second},
		{6, 1 * time.Second, 2 * time.Second},
		{7, 3 * time.Second, 4 * time.Second},
		{16, 2047 * time.Second, 2048 * time.Second},
		{17, 4095 * time.Second, time.Hour},
		{18, 4095*time.Second + time.Hour, time.Hour},
		{99, 4095*time.Second + 82*time.Hour, time.Hour},
		{100, 4095*time.Second + 83*time.Hour, 100 * 24 * time.Hour},
	} {
		now, stored := drive(t, b, row.tries)
		if got := now.Sub(start); got != row.after {
			t.Errorf("try %d is allowed after %v, want %v", row.tries, got, row.after)
		}
		if got := wait(b, now, stored); got != row.wait {
			t.Errorf("wait after try %d is %v, want %v", row.tries, got, row.wait)
		}
	}
}

func TestAnAddressIsSlowedToATryAMinuteAndNeverShut(t *testing.T) {
	b := backends.PerAddress(netip.MustParseAddr("192.0.2.7"))
	now, _ := drive(t, b, 50)
	if now != start {
		t.Errorf("try 50 is allowed after %v, want at once", now.Sub(start))
	}
	now, stored := drive(t, b, 5000)
	if got := wait(b, now, stored); got <= 30*time.Second || got > time.Minute {
		t.Errorf("wait after 5000 tries is %v, want about a minute", got)
	}
	if stored.Count > 60 {
		t.Errorf("%d tries are counted, want some more than 50", stored.Count)
	}
}

func TestAnAddressIsItsIPv4AddressOrTheFirst64BitsOfIPv6(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"192.0.2.7", "::ffff:192.0.2.7", true},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"192.0.2.7", "2001:db8::1", false},
	} {
		a, b := backends.PerAddress(netip.MustParseAddr(row.a)), backends.PerAddress(netip.MustParseAddr(row.b))
		if got := a.Name == b.Name; got != row.same {
			t.Errorf("%s and %s are one: %v, want %v", row.a, row.b, got, row.same)
		}
	}
	if err := backends.ValidBudgets([]backends.Budget{backends.PerAddress(netip.Addr{}), backends.PerAccount("", "")}); err != nil {
		t.Errorf("no address, no account: %v", err)
	}
}

func TestNamesDifferByTheirKindTheirPartsAndWhereTheseEnd(t *testing.T) {
	seen := map[backends.NameHash]int{}
	for i, name := range []backends.NameHash{
		backends.HashName(""), backends.HashName("", ""), backends.HashName("a"), backends.HashName("a", ""),
		backends.HashName("a", "bc"), backends.HashName("ab", "c"), backends.HashName("a", "b", "c"), backends.HashName("abc"),
	} {
		if other, there := seen[name]; there {
			t.Errorf("names %d and %d have one hash", other, i)
		}
		seen[name] = i
	}
	// printf '\001a\002bc' | sha256sum: another program, and another version, must find the same row.
	got := backends.HashName("a", "bc")
	if want := "ea1cc672b17a5c99d273503a298965ef39b3616dfc46fb44022907c44f4e34fa"; hex.EncodeToString(got[:]) != want {
		t.Errorf("hash %x, want %s", got, want)
	}
}
