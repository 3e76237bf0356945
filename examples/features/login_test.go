package features_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestALoginEndsWithTheBrowserUnlessItIsRemembered(t *testing.T) {
	s := open(t)
	_, id := s.ann()
	for remember, want := range map[string]string{"": "/login?next=%2Faccount", "on": "account of " + id} {
		b := s.browser()
		b.login("ann@example.com", "ann likes tea", "remember", remember, "next", "/account").want(303, "/account")
		b.get("/account").want(200, "account of "+id)
		status := 200
		if remember == "" {
			status = 303
		}
		b.restarted().get("/account").want(status, want)
	}
	if n := s.text(`SELECT count(*)::text FROM ` + s.auth + `.sessions WHERE absolute_deadline > created_at + interval '29 days'`); n != "1" {
		t.Errorf("%s sessions of 30 days, want 1", n)
	}
}

func TestTheCartOfAVisitorSurvivesTheLoginAndIsThenThePersons(t *testing.T) {
	s := open(t)
	s.ann()
	b := s.browser()
	b.post("/cart", "item", "apples").want(303, "/cart")
	b.post("/cart", "item", "bread").want(303, "/cart")
	b.get("/cart").want(200, "cart: apples bread")
	s.browser().get("/cart").want(200, "cart:")

	b.login("ann@example.com", "wrong").want(401, "form: /login: that is not right")
	b.get("/cart").want(200, "cart: apples bread")
	b.login("ann@example.com", "ann likes tea").want(303, "/")
	b.get("/cart").want(200, "cart: apples bread")
	b.post("/cart", "item", "cheese").want(303, "/cart")

	phone := s.browser()
	phone.login("ann@example.com", "ann likes tea").want(303, "/")
	phone.get("/cart").want(200, "cart: apples bread cheese")
	b.post("/logout").want(303, "/login")
	b.get("/cart").want(200, "cart:") // who comes next to this browser sees nothing of hers
}

func TestTheFormOfAnotherSiteLogsNoOneInAndTakesNoCart(t *testing.T) {
	s := open(t)
	s.ann()
	b := s.browser()
	b.post("/cart", "item", "apples")
	b.at("https://evil.example").login("ann@example.com", "ann likes tea").want(403, "page: Cross-origin request refused")
	b.get("/account").want(303, "/login?next=%2Faccount")
	b.get("/cart").want(200, "cart: apples")
	b.at("https://evil.example").post("/cart", "item", "bread").want(403, "page: Cross-origin request refused")
	b.get("/cart").want(200, "cart: apples")
	if b.sent["__Host-device"] != nil {
		t.Error("the browser is known")
	}
}

func TestGuessesAreSlowedTheSameForUnknownNamesAndDoNotKeepAKnownBrowserOut(t *testing.T) {
	// GS-1, GS-3, GS-4
	s := open(t)
	ann, id := s.ann()
	ann.post("/logout").want(303, "/login")
	thief := s.browser()
	for _, email := range []string{"ann@example.com", "no-one@example.com"} {
		a := thief.login(email, "a guess")
		for range 20 { // a busy machine may be slower than the first waits
			if a.StatusCode == 429 {
				break
			}
			a.want(401, "form: /login: that is not right")
			a = thief.login(email, "a guess")
		}
		a.want(429, "page: Too many attempts")
		if n, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || n < 1 {
			t.Errorf("Retry-After is %q, want seconds", a.Header.Get("Retry-After"))
		}
	}
	ann.login("ann@example.com", "ann likes coffee").want(401, "form: /login: that is not right")
	ann.login("ann@example.com", "ann likes tea").want(303, "/")
	ann.get("/account").want(200, "account of "+id)
}

func TestFormsAreRefusedWithThePageThatHelps(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	s.browser().get("/account?tab=2").want(303, "/login?next=%2Faccount%3Ftab%3D2")
	ann.get("/payment").want(200, "form: pay")
	ann.get("/admin").want(403, "page: Not allowed")

	s.anHourPasses()
	ann.get("/account").want(200, "account of "+id)
	ann.get("/payment").want(303, "/confirm?next=%2Fpayment")
	ann.get("/confirm?next=%2Fpayment").want(200, "form: confirm")
	ann.post("/confirm", "password", "wrong", "next", "/payment").want(401, "form: /confirm: that is not right")
	ann.post("/confirm", "password", "ann likes tea", "next", "/payment").want(303, "/payment")
	ann.get("/payment").want(200, "form: pay")

	// A form that another site made the browser send.
	a := ann.at("https://evil.example").post("/confirm", "password", "ann likes tea")
	if a.want(403, "page: Cross-origin request refused"); strings.Contains(a.text, id) {
		t.Error("the refusal names the person")
	}
	// The link to the login page is an attacker's.
	s.browser().login("ann@example.com", "ann likes tea", "next", `/\evil.example`).want(303, "/")
}
