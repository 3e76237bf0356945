package archtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// imports and names are what the README leaves to its reader: a block needs some of them.
var imports = []string{
	"context", "errors", "log", "net/http", "net/http/httptest", "slices", "testing", "time",
	"github.com/inga-auth/inga/backends", "github.com/inga-auth/inga/backends/cache",
	"github.com/inga-auth/inga/backends/memory", "github.com/inga-auth/inga/backends/password",
	"github.com/inga-auth/inga/backends/postgres", "github.com/inga-auth/inga/backends/redis",
	"github.com/inga-auth/inga/cookie", "github.com/inga-auth/inga/jwtauth",
	"github.com/inga-auth/inga/jwtauth/oauth", "github.com/inga-auth/inga/jwtauth/tokencookie",
	"github.com/inga-auth/inga/middleware", "github.com/inga-auth/inga/middleware/authtest",
	"github.com/inga-auth/inga/middleware/clientip", "github.com/inga-auth/inga/middleware/devices",
	"github.com/inga-auth/inga/middleware/session", "github.com/inga-auth/inga/sliding",
	"github.com/redis/rueidis",
}

var names = map[string]string{
	"cookieKey":  "[]byte",
	"signingKey": "jwtauth.Key",
	"login":      "http.HandlerFunc",
	"account":    "http.Handler",
	"adminPages": "http.Handler",
	"events":     "http.Handler",
	"pg":         "*postgres.Store",
	"guard":      "*middleware.Guard",
	"mux":        "*http.ServeMux",
	"report":     "func(error)",
	"ctx":        "context.Context",
	"t":          "*testing.T",
	"app":        "http.Handler",
	"sessions":   "*session.Registry",
	"cookies":    "*cookie.Cookies",
	"register":   "func(*authtest.Mux)",
}

// program returns the block with what it needs around it.
func program(block string) []byte {
	code := regexp.MustCompile(`//.*`).ReplaceAllString(block, "")
	vars := ""
	for name, typ := range names {
		used := regexp.MustCompile(`\b` + name + `\b`).MatchString(code)
		given := regexp.MustCompile(`(?m)^\s*(\w+, )*` + name + `(, \w+)* := `).MatchString(code)
		if used && !given {
			vars += "var " + name + " " + typ + "\n"
		}
	}
	return fmt.Appendf(nil, "package main\n\n%s\n%s\nfunc main() {\n%s}\n", importing(vars+code), vars, block)
}

// importing returns the imports that the code needs.
func importing(code string) string {
	var head strings.Builder
	for _, path := range imports {
		if regexp.MustCompile(`\b` + filepath.Base(path) + `\.[A-Z]`).MatchString(code) {
			fmt.Fprintf(&head, "import %q\n", path)
		}
	}
	return head.String()
}

func TestTheCodeInTheREADMECompilesAndIsShort(t *testing.T) {
	found := blocks(t, "README.md", "go")
	if len(found) == 0 {
		t.Fatal("the README has no Go code")
	}
	for _, block := range found {
		if n := strings.Count(block, "\n"); n > 20 {
			t.Errorf("%d lines, want at most 20", n)
		}
		vet(t, program(block))
	}
}

// blocks returns the code of one language in a text at the root of the repository, a string
// for each block.
func blocks(t *testing.T, name, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		all = append(all, block[1])
	}
	return all
}

// vet reports what the compiler and vet have to say about a program.
func vet(t *testing.T, program []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, program, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "vet", file)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheCommandsInTheREADMERunWhatThereIs(t *testing.T) {
	// What they do when they run is for the examples' own tests, and .ci/run.
	command := regexp.MustCompile(`go (run|test) (?:-\S+ )*(\./examples/(\w+))(?: -run (\w+))?`)
	n := 0
	for _, name := range []string{"README.md", "README.ko.md", "examples/proof/README.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			n++
			want, files := `(?m)^func main\(\)`, "*.go"
			if m[1] == "test" {
				want, files = `(?m)^func `+m[4]+`\w*\(t \*testing\.T\)`, "*_test.go"
			}
			if !written(t, filepath.Join("../..", m[2], files), want) {
				t.Errorf("%s: %q runs nothing", name, m[0])
			}
		}
	}
	if n < 10 {
		t.Errorf("%d commands, want at least 10", n)
	}
}

func TestTheRightsInTheREADMEAreThoseOfTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../backends/postgres/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	found := blocks(t, "README.md", "sql")
	if len(found) == 0 {
		t.Fatal("the README has no SQL")
	}
	for _, block := range found {
		for line := range strings.Lines(block) {
			if !strings.Contains(string(doc), "//\t"+line) {
				t.Errorf("package postgres does not say %q", line)
			}
		}
	}
}

// written reports whether one of the files has the pattern.
func written(t *testing.T, files, pattern string) bool {
	t.Helper()
	paths, err := filepath.Glob(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(pattern).Match(text) {
			return true
		}
	}
	return false
}
