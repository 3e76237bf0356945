package main

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/internal/pgtest"
)

const calm = "The server cannot be asked at the moment. You are still logged in."

func outage(t *testing.T, browser context.Context) {
	// RT-15, AZ-5, as a person sees them.
	database := pgtest.Start(t)
	p := start(t, "-rotate", "3s", "-refresh-overlap", "1s", "-database-url", database.URL())
	b := newTab(t, browser, p)
	b.enter()
	refresh := b.cookies()["__Host-refresh"].Value
	database.Stop()
	b.awaitText("#outage", calm)
	b.awaitText("#subject", "ann")
	b.request("POST /api/echo")
	b.awaitText("#answer", "Nothing has happened; try again.")
	b.request("GET /api/time")
	b.awaitText("[data-request='GET /api/time']:disabled", "GET") // it waits
	eventually(t, "it is asked again", func() bool { return len(failed(p, "/refresh")) >= 3 })
	if b.cookies()["__Host-refresh"] == nil {
		t.Errorf("the browser has lost the refresh token, which was %.9s…", refresh)
	}
	b.awaitText("#outage", calm)

	database.Restart(t)
	b.await("document.querySelector('#outage').hidden")
	b.awaitText("#answer", `"subject": "ann"`) // of the request that waited
	b.awaitMore("#count-here", 2)
	for i, at := range failed(p, "/refresh") {
		// Retry-After is 1.
		if i > 0 && at.Sub(failed(p, "/refresh")[i-1]) < time.Second {
			t.Error("it was asked again within a second, and not after it, as the server had said")
		}
	}
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	b.wantQuiet("status of 503 (Service Unavailable)")
}

// failed returns when the requests came that were answered with 503.
func failed(p *program, path string) (at []time.Time) {
	for _, a := range p.book(path) {
		if a.status == 503 {
			at = append(at, a.at)
		}
	}
	return at
}

// giveUp logs out while a refresh waits for the server, and in again. The one that waited does not
// hold up the next one.
func giveUp(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "4s", "-refresh-overlap", "1s")
	one := newTab(t, browser, p)
	one.enter()
	p.down.Store(true)
	one.await(`/in [7-9]\.\d s/.test(document.querySelector("#retry-in").innerText)`)
	p.down.Store(false)
	one.click("#logout")
	one.awaitText("#out", "Log in")
	one.await("document.querySelector('#outage').hidden")
	one.enter()
	one.awaitMore("#count-here", 1)
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	one.wantQuiet("net::ERR_")
}

func unplug(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "3s", "-refresh-overlap", "1s")
	b := newTab(t, browser, p)
	b.enter()
	p.down.Store(true)
	b.awaitText("#outage", calm)
	b.awaitText("#subject", "ann")
	b.await(`/in [4-9]\.\d s/.test(document.querySelector("#retry-in").innerText)`) // it waits longer and longer
	p.down.Store(false)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#ask-now").click()`)) // which may be gone by now
	b.await("document.querySelector('#outage').hidden")
	b.awaitMore("#count-here", 1)
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	b.wantQuiet("net::ERR_")
}
