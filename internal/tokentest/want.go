package tokentest

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// WantMentions fails the test unless the error mentions all of the words.
func WantMentions(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}

// WantOK fails the test unless the answer has status 200.
func WantOK(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != 200 {
		t.Fatalf("status %d, want 200: %s", w.Code, w.Body)
	}
}

// WantProblem fails the test unless the answer is this refusal, and changes nothing.
func WantProblem(t testing.TB, w *httptest.ResponseRecorder, status int, problem string) {
	t.Helper()
	var body struct {
		Type   string
		Status int
	}
	err := json.Unmarshal(w.Body.Bytes(), &body)
	if want := "https://inga-auth.github.io/problems/" + problem; err != nil || w.Code != status || body.Type != want || body.Status != status {
		t.Fatalf("status %d, want %d with the problem %s: %s", w.Code, status, want, w.Body)
	}
	if Lines(w) != nil || w.Header().Get("Access-Token") != "" {
		t.Fatalf("a refusal with the headers %v", w.Header())
	}
}

// WantUnavailable fails the test unless the answer says that the token is as good as before.
func WantUnavailable(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Header().Get("WWW-Authenticate") != "" {
		t.Fatalf("status %d, headers %v: %s; want 503 with Retry-After", w.Code, w.Header(), w.Body)
	}
	if got := w.Header().Values("Set-Cookie"); got != nil {
		t.Fatalf("Set-Cookie %q, want none", got)
	}
}

// WantLive fails the test unless the user has so many live sessions.
func WantLive(t testing.TB, s backends.SessionLister, user string, want int) {
	t.Helper()
	live, _, err := s.List(t.Context(), time.Now(), user, backends.Page{})
	if err != nil || len(live) != want {
		t.Errorf("user %s has %d live sessions (%v), want %d", user, len(live), err, want)
	}
}

// AtOnce calls do n times at the same time, and waits.
func AtOnce(n int, do func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			do(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}
