package features_test

import (
	"encoding/base32"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/examples/features"
)

// enrol gives the person in the browser a second factor, and returns a source of codes that have not
// been used yet: of this half minute, and of the next one.
func (b *browser) enrol() (codes []string) {
	b.t.Helper()
	secret, err := base32.StdEncoding.DecodeString(b.get("/second-factor").text)
	if err != nil {
		b.t.Fatal(err)
	}
	step := time.Now().Unix() / 30
	for i := range int64(3) {
		codes = append(codes, features.TOTP(secret, step-1+i))
	}
	b.post("/second-factor", "code", codes[0]).want(303, "/account")
	return codes[1:]
}

func TestALoginWithoutItsCodeOpensNothing(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	other := s.browser()
	other.login("ann@example.com", "ann likes tea").want(303, "/")
	codes := ann.enrol()
	ann.get("/account").want(200, "account of "+id)
	other.get("/account").want(303, "/login?next=%2Faccount") // enrolling has ended it

	sessions := `SELECT count(*)::text FROM ` + s.auth + `.sessions WHERE ended_at IS NULL`
	before := s.text(sessions)
	b := s.browser()
	b.login("ann@example.com", "ann likes tea", "next", "/cart").want(303, "/code?next=%2Fcart")
	b.get("/account").want(303, "/login?next=%2Faccount")
	b.post("/code", "code", "000000", "next", "/cart").want(401, "form: /code: that is not right")
	if n := s.text(sessions); n != before {
		t.Errorf("%s sessions after half a login, want %s", n, before)
	}
	b.post("/code", "code", codes[0], "next", "/cart").want(303, "/cart")
	b.get("/account").want(200, "account of "+id)
	b.get("/payment").want(200, "form: pay")

	again := s.browser()
	again.post("/code", "code", codes[1]).want(303, "/login?next=%2F") // without a password
	again.login("ann@example.com", "ann likes tea").want(303, "/code?next=%2F")
	again.post("/code", "code", codes[0]).want(401, "form: /code: that is not right") // used
	again.post("/code", "code", codes[1]).want(303, "/")
}

func TestACodeOpensOneSessionOfManyThatAskAtOnce(t *testing.T) {
	// GS-6
	s := open(t)
	ann, _ := s.ann()
	code := ann.enrol()[0]
	var opened atomic.Int32
	var all sync.WaitGroup
	for range 4 { // fewer than the tries that are free
		b := s.browser()
		b.login("ann@example.com", "ann likes tea").want(303, "/code?next=%2F")
		all.Go(func() {
			if b.post("/code", "code", code).StatusCode == 303 {
				opened.Add(1)
			}
		})
	}
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("the code opened %d sessions, want 1", n)
	}
}

func TestAnEnrolmentTakesACodeOfItsSecret(t *testing.T) {
	s := open(t)
	ann, _ := s.ann()
	ann.post("/second-factor", "code", "123456").want(422, "form: second factor: that is not the code")
	ann.get("/second-factor")
	ann.post("/second-factor", "code", "nonsense").want(422, "form: second factor: that is not the code")
	s.browser().login("ann@example.com", "ann likes tea").want(303, "/") // and there is no second factor
}

func TestAPasswordThatIsGivenAgainIsNoSecondFactor(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	codes := ann.enrol()
	ann.post("/confirm", "password", "ann likes tea", "next", "/payment").want(303, "/payment")
	ann.get("/payment").want(303, "/code?next=%2Fpayment")
	ann.post("/code", "code", "000000").want(401, "form: /code: that is not right")
	ann.post("/code", "code", codes[0], "next", "/payment").want(303, "/payment")
	ann.get("/payment").want(200, "form: pay")
	ann.get("/account").want(200, "account of "+id)

	ann.post("/code", "code", codes[1], "next", "/payment").want(303, "/payment") // once more
	amr := `SELECT array_to_string(amr, ' ') FROM ` + s.auth + `.sessions WHERE ended_at IS NULL`
	if got := s.text(amr); got != "pwd otp" {
		t.Errorf("the session has the AMR %q, want pwd otp", got)
	}
	failed := `SELECT string_agg(reason, ' ' ORDER BY at) FROM audit WHERE type = 'login_failed' AND subject = $1`
	if got := s.text(failed, id); got != "wrong_code" {
		t.Errorf("the trail has %q, want wrong_code", got)
	}
}

func TestAPersonWithoutASecondFactorCannotMakeACode(t *testing.T) {
	s := open(t)
	ann, _ := s.ann()
	ann.post("/code", "code", features.TOTP(nil, time.Now().Unix()/30)).want(401, "form: /code: that is not right")
}

func TestGuessesAtACodeAreSlowed(t *testing.T) {
	s := open(t)
	ann, _ := s.ann()
	ann.enrol()
	b := s.browser()
	b.login("ann@example.com", "ann likes tea").want(303, "/code?next=%2F")
	for range 25 { // a busy machine may be slower than the first waits
		if a := b.post("/code", "code", "000000"); a.StatusCode == 429 {
			a.want(429, "page: Too many attempts")
			return
		}
	}
	t.Error("25 codes were compared")
}

func TestTOTPIsThatOfItsRFC(t *testing.T) {
	// RFC 6238, appendix B, the last six digits.
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 20000000000: "353130"} {
		if got := features.TOTP(secret, at/30); got != want {
			t.Errorf("%s at %d, want %s", got, at, want)
		}
	}
}
