package tokencookie_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
)

func TestTheTwoCookiesHaveTheAttributesThatKeepThemSafe(t *testing.T) {
	// RT-21, CK-1, CK-2, CK-3, CK-4, CK-7, CK-9, CK-10: at login, refresh, renewal and logout.
	synctest.Test(t, func(t *testing.T) {
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))))
		tokentest.WantLines(t, b.Status("POST", "/login", 200, tokentest.As("1")),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax")
		time.Sleep(time.Minute)
		tokentest.WantLines(t, b.Status("POST", "/refresh", 200),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=R; Path=/; Max-Age=43140; HttpOnly; Secure; SameSite=Lax")
		tokentest.WantLines(t, b.Status("GET", "/me", 200))
		time.Sleep(10 * time.Minute)
		tokentest.WantLines(t, b.Status("GET", "/me", 200),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax")
		tokentest.WantLines(t, b.Status("POST", "/logout", 200),
			"__Host-access=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
	})
}

func TestTheCookiesAreAsConfigured(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	for _, row := range []struct {
		config          tokencookie.Config
		access, refresh string
	}{
		{
			tokencookie.Config{AccessName: "__Host-Http-a", RefreshName: "__Secure-r", SameSite: http.SameSiteStrictMode},
			"__Host-Http-a=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Strict",
			"__Secure-r=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict",
		},
		{
			tokencookie.Config{SameSite: http.SameSiteNoneMode},
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=None",
			"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=None",
		},
		{
			tokencookie.Config{DangerouslyAllowHTTP: true},
			"access=T; Path=/; Max-Age=300; HttpOnly; SameSite=Lax",
			"refresh=R; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		},
	} {
		k := tokentest.NewCookies(t, tokens, func(c *tokencookie.Config) { row.config.Tokens = c.Tokens; *c = row.config })
		synctest.Test(t, func(t *testing.T) {
			b := tokentest.NewBrowser(t, tokentest.CookieApp(t, k))
			tokentest.WantLines(t, b.Status("POST", "/login", 200, tokentest.As("1")), row.access, row.refresh)
			b.Status("GET", "/me", 200)
		})
	}
}

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	// IN-1, CK-8.
	_, err := tokencookie.New(tokencookie.Config{
		AccessName: "a b", RefreshName: "a b", SameSite: http.SameSiteNoneMode, DangerouslyAllowHTTP: true, TrustedOrigins: []string{"https://ok.example", "app.example"},
	})
	tokentest.WantMentions(t, err, "Config.Tokens is nil", "Config.AccessName", "Config.RefreshName", "Config.SameSite is None", "Config.TrustedOrigins[1]")

	_, err = tokencookie.New(tokencookie.Config{Tokens: tokentest.New(t, storetest.Memory(t)), AccessName: "__Host-x", RefreshName: "__Secure-y", DangerouslyAllowHTTP: true})
	tokentest.WantMentions(t, err, "Config.Tokens is nil or has no RefreshKeys", `Config.AccessName is "__Host-x"`, `Config.RefreshName is "__Secure-y"`)
}

func TestTheNamesOfTheCookiesMustDiffer(t *testing.T) {
	// IN-1: one would replace the other.
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	_, err := tokencookie.New(tokencookie.Config{Tokens: tokens, AccessName: "__Host-t", RefreshName: "__Host-t"})
	tokentest.WantMentions(t, err, `Config.RefreshName is "__Host-t", want another name than AccessName`)
}
