package cookie_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

func TestAPublicPageShowsItselfToVisitorsWhoseSessionHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		k := newCookies(t, s)
		cookies, _ := jars(t, s, appOf(t, k, slog.New(slog.DiscardHandler)))
		guard := guardOf(t, k)
		page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := middleware.FromContext(r.Context()); ok {
				w.WriteHeader(http.StatusAccepted)
			}
		})
		public, private := guard.Optional(page), guard.Optional(guard.Handler(page))
		for _, row := range []struct {
			cookie          string
			public, private int
		}{
			{"ann", 202, 202}, {"ended", 200, 401}, {"expired", 200, 401}, {"never was", 200, 401},
			{"wrong secret", 200, 401}, {"foreign", 200, 401}, {"junk", 200, 401}, {"empty", 200, 401},
		} {
			t.Run(row.cookie, func(t *testing.T) {
				sent := cookieHeader("__Host-session=" + cookies[row.cookie])
				for _, method := range []string{"GET", "POST"} {
					newBrowser(t, public).status(method, "/", row.public, sent)
					newBrowser(t, private).status(method, "/", row.private, sent)
				}
			})
		}
		// A page of another site still cannot make a browser with a cookie of ours write anything.
		crossSite := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
		newBrowser(t, public).status("POST", "/", 403, cookieHeader("__Host-session="+cookies["ended"]), crossSite)
	})
}
