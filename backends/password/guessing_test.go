package password_test

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/internal/storetest"
)

// A desk is where passwords are typed: those of people, with tries that are counted.
type desk struct {
	*password.Hasher
	users backends.Users
}

func newDesk(t *testing.T) desk {
	t.Helper()
	m := people(t)
	return desk{hasher(t, password.Config{Attempts: m}), m.Users()}
}

// right and wrong try the password of all people, and another one.
func (d desk) right(t *testing.T, name string, from password.Client) error {
	_, err := d.VerifyUser(t.Context(), d.users, name, "correct horse battery staple", from)
	return err
}

func (d desk) wrong(t *testing.T, name string, from password.Client) error {
	_, err := d.VerifyUser(t.Context(), d.users, name, "wrong", from)
	return err
}

// waits fails the test unless err refuses the try for so long.
func waits(t *testing.T, what string, err error, want time.Duration) {
	t.Helper()
	var refused *backends.WaitError
	if !errors.As(err, &refused) || refused.Wait != want {
		t.Errorf("%s: %v, want a wait of %v", what, err, want)
	}
}

func isWrong(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, password.ErrWrong) {
		t.Errorf("%s: %v, want ErrWrong", what, err)
	}
}

func isRight(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestTriesAreSlowedWhetherThereIsSuchAUserOrNot(t *testing.T) {
	// GS-1, GS-4.
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		for _, name := range []string{"ann", "eve", "bob", "sso", strings.Repeat("x", 1<<20)} {
			what := fmt.Sprintf("%.10q", name)
			for range 5 {
				isWrong(t, what, d.wrong(t, name, password.Client{}))
			}
			waits(t, what, d.wrong(t, name, password.Client{}), time.Second)
			kib := work(func() { waits(t, what+", right password", d.right(t, name, password.Client{}), time.Second) })
			if kib > 100 {
				t.Errorf("%s: a refused try allocates %d KiB, want next to none: nothing is hashed", what, kib)
			}
		}
		time.Sleep(time.Second)
		isRight(t, "after the wait", d.right(t, "ann", password.Client{}))
		for range 5 {
			isWrong(t, "after a success", d.wrong(t, "ann", password.Client{}))
		}
		waits(t, "after a success", d.wrong(t, "ann", password.Client{}), time.Second)
	})
}

func TestFiftyTriesAtOnceHashAsManyPasswordsAsAreFree(t *testing.T) {
	// GS-2.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		attempts := password.Config{Attempts: s.(backends.Attempts)}
		processes := []desk{{hasher(t, attempts), s.Users()}, {hasher(t, attempts), s.Users()}}
		var hashed atomic.Int32
		var all sync.WaitGroup
		began := time.Now()
		for i := range 50 {
			all.Go(func() {
				if errors.Is(processes[i%2].wrong(t, "ann", password.Client{}), password.ErrWrong) {
					hashed.Add(1)
				}
			})
		}
		all.Wait()
		// On a slow machine the waits of 1 s, 2 s, 4 s … that follow may have passed meanwhile.
		most := 5 + int32(bits.Len(uint(time.Since(began).Seconds())))
		if n := hashed.Load(); n < 5 || n > most {
			t.Errorf("%d passwords were hashed, want 5, and at most %d", n, most)
		}
	})
}

func TestAnAttackerDoesNotKeepAUserOutOfADeviceThatIsKnown(t *testing.T) {
	// GS-3.
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		attacker := password.Client{Address: netip.MustParseAddr("192.0.2.7")}
		known := password.Client{Address: attacker.Address, Device: password.Device{Name: "ann", ID: "A7"}}
		for n := range 55 { // at ann, and so many elsewhere that the address is slowed too
			_ = d.wrong(t, fmt.Sprintf("guess%d", n%11), attacker)
			_ = d.wrong(t, "ann", attacker)
		}
		if err := d.right(t, "ann", attacker); !errors.Is(err, backends.ErrTooManyAttempts) {
			t.Errorf("the attacker: %v, want ErrTooManyAttempts", err)
		}
		isRight(t, "the known device", d.right(t, "ann", known))
		for what, device := range map[string]password.Device{
			"a device of the attacker's own account": {Name: "old", ID: "B8"},
			"a device without an ID":                 {Name: "ann"},
			"a device without a name":                {ID: "A7"},
		} {
			if err := d.right(t, "ann", password.Client{Device: device}); !errors.Is(err, backends.ErrTooManyAttempts) {
				t.Errorf("%s: %v, want ErrTooManyAttempts", what, err)
			}
		}
		// A thief of the device has no more tries than others.
		for range 5 {
			isWrong(t, "the known device", d.wrong(t, "ann", known))
		}
		if err := d.right(t, "ann", known); !errors.Is(err, backends.ErrTooManyAttempts) {
			t.Errorf("the known device, after five mistakes: %v, want ErrTooManyAttempts", err)
		}
	})
}

func TestAnAddressIsSlowedByFailuresAtManyAccountsAndNotBySuccesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		office := password.Client{Address: netip.MustParseAddr("2001:db8::7")}
		for n := range 60 {
			isRight(t, fmt.Sprint("login ", n), d.right(t, "ann", office))
		}
		for n := range 50 {
			isWrong(t, "a guess", d.wrong(t, fmt.Sprint("guess", n), office))
		}
		neighbour := password.Client{Address: netip.MustParseAddr("2001:db8::8")}
		if err := d.right(t, "ann", neighbour); !errors.Is(err, backends.ErrTooManyAttempts) {
			t.Errorf("from the network of the guesses: %v, want ErrTooManyAttempts", err)
		}
		isRight(t, "from elsewhere", d.right(t, "ann", password.Client{Address: netip.MustParseAddr("2001:db8:1::7")}))
	})
}

func TestUnlockLetsAUserLogInAgain(t *testing.T) {
	d := newDesk(t)
	for range 6 {
		_ = d.wrong(t, "ann", password.Client{})
	}
	if err := d.Unlock(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	isRight(t, "after Unlock", d.right(t, "ann", password.Client{}))
	if err := hasher(t, password.Config{}).Unlock(t.Context(), "ann"); err != nil {
		t.Errorf("where nothing is counted: %v", err)
	}
}

func TestAFailureNamesTheUserForTheAuditTrailIfThereIsOne(t *testing.T) {
	d := newDesk(t)
	for name, want := range map[string]string{"ann": "u-ann", "bob": "u-bob", "sso": "u-sso", "eve": "", "": ""} {
		err := d.wrong(t, name, password.Client{})
		if got := password.Subject(fmt.Errorf("login: %w", err)); got != want {
			t.Errorf("%q: subject %q, want %q", name, got, want)
		}
	}
	if got := password.Subject(password.ErrWrong); got != "" {
		t.Errorf("ErrWrong itself: subject %q", got)
	}
}

// broken cannot count.
type broken struct{ backends.Attempts }

func (broken) Attempt(context.Context, time.Time, ...backends.Budget) error {
	return errors.New("connection refused")
}

func TestAStoreThatCannotCountIsAnOutageAndNothingIsHashed(t *testing.T) {
	p := hasher(t, password.Config{Attempts: broken{}})
	users := people(t).Users()
	kib := work(func() {
		u, err := p.VerifyUser(t.Context(), users, "ann", "correct horse battery staple", password.Client{})
		if err == nil || errors.Is(err, password.ErrWrong) || errors.Is(err, backends.ErrTooManyAttempts) || u.ID != "" {
			t.Errorf("user %q, error %v; want that of the store", u.ID, err)
		}
	})
	if kib > 100 {
		t.Errorf("%d KiB allocated, want next to none", kib)
	}
}

func TestAttemptsThatCannotCountAreAMistake(t *testing.T) {
	minimal, err := cache.New(cache.Config{Store: struct{ backends.Store }{memory.New()}})
	if err != nil {
		t.Fatal(err)
	}
	for what, a := range map[string]backends.Attempts{
		"nil in an interface":                    (*memory.Store)(nil),
		"a cache of a store that does not count": minimal,
	} {
		if _, err := password.New(password.Config{Attempts: a}); err == nil || !strings.Contains(err.Error(), "Config.Attempts") {
			t.Errorf("%s: %v, want an error that names the field", what, err)
		}
	}
	counting, err := cache.New(cache.Config{Store: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	hasher(t, password.Config{Attempts: counting})
}
