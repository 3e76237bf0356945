package archtest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// moreNames are what the lines for users of other libraries leave to their reader.
var moreNames = `
type Router struct{}
func (Router) Use(...func(http.Handler) http.Handler) {}
type Engine struct{}
func (Engine) Use(...any) {}
func wrap(func(http.Handler) http.Handler) any { return nil }
func use(...any) {}

var (
	store     *memory.Store
	policy    sliding.Policy
	cookieKey, newKey, oldKey, refreshKey, secret []byte
	key       jwtauth.Key
	guard     *middleware.Guard
	sessions  *session.Registry
	tokens    *jwtauth.Tokens
	cookies   *cookie.Cookies
	endpoints *oauth.Endpoints
	own       *devices.Devices
	passwords *password.Hasher
	users     backends.Users
	client    password.Client
	user      backends.User
	id        middleware.Identity
	mux       *http.ServeMux
	ctx       context.Context
	w         http.ResponseWriter
	r         *http.Request
	c         struct{ Request *http.Request }
	router    Router
	engine    Engine
	claims    struct{ Tenant string }
	userID, name string
)
`

// Each of our lines is a function of its own, so that none needs what another one declares.
func TestTheLinesForUsersOfOtherLibrariesCompile(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Coming from\n")
	section, _, _ = strings.Cut(section, "\n## ")
	code, lines := moreNames, 0
	for row := range strings.Lines(section) {
		cells := strings.Split(row, "|")
		if len(cells) < 4 || strings.HasPrefix(cells[len(cells)-2], " inga") {
			continue
		}
		for _, line := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-2], -1) {
			// A parameter, because a variable of the package would clash with package password.
			code += "func _(password string) {\n" + used(line[1]) + "\n}\n"
			lines++
		}
	}
	if lines < 25 {
		t.Fatalf("%d lines of ours, want at least 25", lines)
	}
	vet(t, []byte("package main\n\n"+importing(code)+code+"\nfunc main() {}\n"))
}

// used returns the line as a statement after which nothing is declared and not used.
func used(line string) string {
	left, _, declares := strings.Cut(line, " := ")
	switch {
	case declares:
		return line + "\n_" + strings.Repeat(", _", strings.Count(left, ",")) + " = " + left
	case strings.Contains(line, "Use("):
		return line
	}
	return "use(" + line + ")"
}
