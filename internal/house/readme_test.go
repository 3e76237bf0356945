package house_test

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
	"context", "errors", "log", "net/http", "slices", "time",
	"github.com/inga-auth/inga/backends", "github.com/inga-auth/inga/backends/cache",
	"github.com/inga-auth/inga/backends/memory", "github.com/inga-auth/inga/backends/postgres",
	"github.com/inga-auth/inga/cookie", "github.com/inga-auth/inga/jwtauth",
	"github.com/inga-auth/inga/middleware", "github.com/inga-auth/inga/middleware/devices",
	"github.com/inga-auth/inga/sliding",
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
}

// program returns the block with what it needs around it.
func program(block string) []byte {
	var head strings.Builder
	code := regexp.MustCompile(`//.*`).ReplaceAllString(block, "")
	vars := ""
	for name, typ := range names {
		used := regexp.MustCompile(`\b` + name + `\b`).MatchString(code)
		given := regexp.MustCompile(`(?m)^\s*(\w+, )*` + name + `(, \w+)* := `).MatchString(code)
		if used && !given {
			vars += "var " + name + " " + typ + "\n"
		}
	}
	for _, path := range imports {
		if regexp.MustCompile(`\b` + filepath.Base(path) + `\.[A-Z]`).MatchString(vars + code) {
			fmt.Fprintf(&head, "import %q\n", path)
		}
	}
	return fmt.Appendf(nil, "package main\n\n%s\n%s\nfunc main() {\n%s}\n", head.String(), vars, block)
}

func TestTheCodeInTheREADMECompilesAndIsShort(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) == 0 {
		t.Fatal("the README has no Go code")
	}
	for _, block := range blocks {
		if n := strings.Count(block[1], "\n"); n > 20 {
			t.Errorf("%d lines, want at most 20", n)
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, program(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "vet", file)
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
