package main

import (
	"context"
	"net/http"
	"testing"
)

func stealToken(t *testing.T, browser context.Context) {
	p := start(t)
	b := newTab(t, browser, p)
	b.enter()
	for range 2 {
		b.click("#service")
		b.awaitText("#service-answer", `"subject": "ann"`)
	}
	// The key cannot be read, by the page itself neither.
	b.eval(`import("/page/dpop.js").then((m) => m.keyPair()).then(({ privateKey }) => crypto.subtle.exportKey("jwk", privateKey))
		.then(() => (document.title = "the key"), (error) => (document.title = error.name)), ""`)
	b.await(`document.title === "InvalidAccessError"`)

	var sent http.Header // the last request to the service, as a thief could have seen it
	for _, a := range p.book("/service/time") {
		if a.status == 200 {
			sent = a.header
		}
	}
	for what, keep := range map[string][]string{
		"the token":                {"Authorization"},
		"the token and its proof":  {"Authorization", "Dpop"},
		"the proof":                {"Dpop"},
		"the cookies":              {"Cookie"},
		"all that was sent before": {"Authorization", "Dpop", "Cookie", "User-Agent", "Sec-Fetch-Site"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/service/time", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range keep {
			r.Header[name] = sent[name]
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 401 {
			t.Errorf("a thief with %s: status %d, want 401", what, res.StatusCode)
		}
	}
	b.click("#service")
	b.awaitText("#service-answer", `"subject": "ann"`)
	b.click("#logout")
	b.awaitText("#notice", "You have logged out")
	b.wantQuiet("401") // the first proof has no nonce
}
