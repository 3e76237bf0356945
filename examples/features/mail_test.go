package features_test

import (
	"sync"
	"testing"
)

func TestAForgottenPasswordIsReplacedByALinkOnce(t *testing.T) {
	// LK-1, LK-2, LK-3
	s := open(t)
	ann, id := s.ann()
	const sent = "If there is an account with that address, we have sent a link to it."
	s.browser().post("/forgotten", "email", "no-one@example.com").want(200, sent)
	s.browser().post("/forgotten", "email", "ann@example.com").want(200, sent)
	token := s.token("ann@example.com")

	b := s.browser()
	page := "/reset?token=" + token
	for range 2 { // a scanner of the mail server came first
		if got := b.get(page).want(200, "form: a new password for ann@example.com").Header.Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("Referrer-Policy is %q", got)
		}
	}
	b.post("/reset", "token", token, "password", "password1").want(422, "page: Input is not acceptable")
	s.browser().post("/verify", "token", token).want(410, void)
	ann.get("/account").want(200, "account of "+id)

	b.post("/reset", "token", token, "password", "ann likes coffee").want(303, "/login")
	b.post("/reset", "token", token, "password", "mallory likes gin").want(410, void)
	b.get(page).want(410, void)
	ann.get("/account").want(303, "/login?next=%2Faccount")
	ann.login("ann@example.com", "ann likes tea").want(401, "form: /login: that is not right")
	ann.login("ann@example.com", "ann likes coffee").want(303, "/")
}

const void = "page: this link is no longer good: ask for another one"

func TestANewPasswordByMailLetsAPersonInWhateverWasTried(t *testing.T) {
	s := open(t)
	s.ann()
	thief := s.browser()
	for range 25 { // a busy machine may be slower than the first waits
		if thief.login("ann@example.com", "a guess").StatusCode == 429 {
			break
		}
	}
	b := s.browser()
	b.post("/forgotten", "email", "ann@example.com")
	b.post("/reset", "token", s.token("ann@example.com"), "password", "ann likes coffee").want(303, "/login")
	b.login("ann@example.com", "ann likes coffee").want(303, "/")
}

func TestALinkIsUsedOnceByManyAtTheSameTime(t *testing.T) {
	// LK-2
	s := open(t)
	s.ann()
	s.browser().post("/forgotten", "email", "ann@example.com")
	token := s.token("ann@example.com")
	var mu sync.Mutex
	got := map[int]int{}
	var all sync.WaitGroup
	for range 5 {
		b := s.browser()
		all.Go(func() {
			status := b.post("/reset", "token", token, "password", "ann likes coffee").StatusCode
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	all.Wait()
	if got[303] != 1 || got[410] != 4 {
		t.Errorf("the statuses are %v, want one 303 and four 410", got)
	}
}

func TestAnAddressIsVerifiedByALink(t *testing.T) {
	s := open(t)
	s.ann()
	verified := func() string { return s.text(`SELECT verified::text FROM people`) }
	b, token := s.browser(), s.token("ann@example.com") // in the browser of a phone, without a session
	b.get("/verify?token="+token).want(200, "form: verify ann@example.com")
	if verified() != "false" {
		t.Error("following the link verified the address")
	}
	b.post("/verify", "token", token+"x").want(410, void)
	b.post("/verify", "token", token).want(200, "verified")
	if verified() != "true" {
		t.Error("the address is not verified")
	}
	b.post("/verify", "token", token).want(410, void)
}
