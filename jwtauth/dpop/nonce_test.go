package dpop_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// broken are Claims that cannot be asked.
type broken struct{}

func (broken) Claim(context.Context, time.Time, backends.NameHash, time.Time) (bool, error) {
	return false, errors.New("connection refused")
}

func TestWithNoncesAClientLearnsOneAndItsClockDoesNotMatter(t *testing.T) {
	// DP-6.
	synctest.Test(t, func(t *testing.T) {
		p, d := proofs(t, withNonces), prooftest.New(t, "ES256")
		yesterday := time.Now().Add(-24 * time.Hour).Unix()
		code, nonce := codeOf(t, refused(p.Check(request(d.Proof(t, "dpop+jwt", claims("iat", yesterday))), token, "")))
		if code != "use_dpop_nonce" || nonce == "" || nonce != p.Nonce() {
			t.Fatalf("%s, nonce %q; want use_dpop_nonce and %q", code, nonce, p.Nonce())
		}
		for range 2 { // one nonce, many proofs
			if _, err := p.Check(request(d.Proof(t, "dpop+jwt", claims("nonce", nonce, "iat", yesterday))), token, ""); err != nil {
				t.Error(err)
			}
		}
		if err := p.Precheck(request(d.Proof(t, "dpop+jwt", claims("nonce", "x")))); err == nil {
			t.Error("a wrong nonce passes the check before the login")
		}
	})
}

func TestANonceIsGoodForItsWindowAndTheNext(t *testing.T) {
	// DP-6.
	synctest.Test(t, func(t *testing.T) {
		p, d := proofs(t, withNonces), prooftest.New(t, "ES256")
		nonce := p.Nonce() // at the beginning of a window of 60 s, since 2000 is a whole number of minutes after 1970
		send := func() error {
			return refused(p.Check(request(d.Proof(t, "dpop+jwt", claims("nonce", nonce))), token, ""))
		}
		time.Sleep(149 * time.Second) // two windows and 30 s of leeway
		if err := send(); err != nil {
			t.Error(err)
		}
		if p.Nonce() == nonce {
			t.Error("the nonce has not changed in two windows")
		}
		used := d.Proof(t, "dpop+jwt", claims("nonce", nonce))
		if _, err := p.Check(request(used), token, ""); err != nil {
			t.Error(err)
		}
		codeOf(t, refused(p.Check(request(used), token, "")))
		time.Sleep(time.Second)
		if code, next := codeOf(t, send()); code != "use_dpop_nonce" || next != p.Nonce() {
			t.Errorf("%s, nonce %q; want use_dpop_nonce and the current one", code, next)
		}
	})
}

func TestANonceThatIsNotOursIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := proofs(t, withNonces), prooftest.New(t, "ES256")
		own := p.Nonce()
		another := proofs(t, func(c *dpop.Config) { c.NonceKeys = [][]byte{append([]byte{1}, nonceKey...)} })
		elsewhere := proofs(t, withNonces, func(c *dpop.Config) { c.URL = "https://other.example" })
		for name, nonce := range map[string]any{
			"none": nil, "empty": "", "a number": 7, "random": strings.Repeat("A", 32), "cut": own[:31], "longer": own + "A",
			"a line break": own + "\n", "of another key": another.Nonce(), "of another application": elsewhere.Nonce(),
		} {
			want := "use_dpop_nonce"
			if name == "a number" {
				want = "invalid_dpop_proof" // it is not read at all
			}
			if code, _ := codeOf(t, refused(p.Check(request(d.Proof(t, "dpop+jwt", claims("nonce", nonce))), token, ""))); code != want {
				t.Errorf("%s: %s, want %s", name, code, want)
			}
		}
		// A key that is to be rotated verifies beside the new one.
		rotated := proofs(t, func(c *dpop.Config) { c.NonceKeys = [][]byte{append([]byte{1}, nonceKey...), nonceKey} })
		for _, nonce := range []string{own, rotated.Nonce()} {
			if _, err := rotated.Check(request(d.Proof(t, "dpop+jwt", claims("nonce", nonce))), token, ""); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestANonceOfAServerWhoseClockIsAheadByTheLeewayIsGood(t *testing.T) {
	var ahead string
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Minute)
		ahead = proofs(t, withNonces).Nonce()
	})
	for at, good := range map[time.Duration]bool{29 * time.Second: false, 31 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			p, d := proofs(t, withNonces), prooftest.New(t, "ES256")
			time.Sleep(at)
			if _, err := p.Check(request(d.Proof(t, "dpop+jwt", claims("nonce", ahead))), token, ""); (err == nil) != good {
				t.Errorf("%v after the beginning of the window before: %v, want good: %v", at, err, good)
			}
		})
	}
}

func TestWithoutNoncesThereAreNone(t *testing.T) {
	if got := proofs(t).Nonce(); got != "" {
		t.Errorf("nonce %q, want none", got)
	}
	var none *dpop.Proofs
	if none.Nonce() != "" || none.Sent(request("x")) || none.Algorithms() != "" || none.Precheck(request("x")) != nil {
		t.Error("a nil Proofs has something to say")
	}
	if code, _ := codeOf(t, refused(none.Check(request("x"), token, ""))); code != "invalid_token" {
		t.Errorf("a nil Proofs refuses with %s, want invalid_token", code)
	}
}
