package features_test

import (
	"testing"

	"github.com/inga-auth/inga/middleware/authtest"
)

// begin begins a login at the provider, and returns the URL with which that sends the browser back.
func (b *browser) begin(next string) (back string) {
	b.t.Helper()
	to := b.post("/login/provider", "next", next).Header.Get("Location")
	return b.get(to).Header.Get("Location")
}

func TestAPersonLogsInAtAProvider(t *testing.T) {
	s := open(t)
	b := s.browser()
	b.post("/cart", "item", "apples")
	b.get(b.begin("/cart")).want(303, "/cart")
	b.get("/cart").want(200, "cart: apples")
	id := s.text(`SELECT id::text FROM people WHERE verified`)
	b.get("/account").want(200, "account of "+id)

	again := s.browser()
	again.get(again.begin("/")).want(303, "/")
	again.get("/account").want(200, "account of "+id)
}

func TestTheLinkOfALoginAtAProviderIsGoodInTheBrowserThatBeganIt(t *testing.T) {
	// LC-1
	s := open(t)
	attacker, victim := s.browser(), s.browser()
	link := attacker.begin("/")
	victim.at("https://evil.example").get(link).want(303, "/login")
	victim.get("/account").want(303, "/login?next=%2Faccount")
	victim.at("https://evil.example").post("/login/provider").want(403, "page: Cross-origin request refused")
	attacker.get(link).want(303, "/")
	attacker.get(link).want(303, "/login") // and there once
}

func TestAnIDTokenIsCheckedBeforeItNamesAPerson(t *testing.T) {
	for what, claims := range map[string]map[string]any{
		"of another login":    {"nonce": "another"},
		"for another shop":    {"aud": "another"},
		"of another provider": {"iss": "https://another.example"},
		"too old":             {"exp": 1},
		"without an end":      {"exp": nil},
		"about no one":        {"sub": nil},
		"signed by another":   {},
	} {
		t.Run(what, func(t *testing.T) {
			s := open(t)
			var signer *authtest.Issuer
			if what == "signed by another" {
				signer = authtest.InMemoryIssuer() // whose key has the same ID
			}
			s.idp.say(claims, signer)
			b := s.browser()
			b.get(b.begin("/")).want(303, "/login")
			b.get("/account").want(303, "/login?next=%2Faccount")
		})
	}
}

func TestAProviderDoesNotTakeOverTheAccountWithAnAddress(t *testing.T) {
	s := open(t)
	s.ann()
	b := s.browser()
	b.get(b.begin("/")).want(409, "page: Another change came first")
	s.idp.say(map[string]any{"email": "bob@example.com", "email_verified": false}, nil)
	b.get(b.begin("/")).want(403, "page: Not allowed")
}
