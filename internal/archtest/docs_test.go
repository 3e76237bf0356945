package archtest_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// documented are the packages whose documentation users read.
var documented = []string{
	"backends", "backends/cache", "backends/memory", "backends/password", "backends/postgres",
	"cookie", "jwtauth", "jwtauth/dpop", "jwtauth/foreign", "jwtauth/oauth", "jwtauth/tokencookie",
	"middleware", "middleware/authtest", "middleware/callback", "middleware/clientip", "middleware/dbsc", "middleware/devices", "middleware/link", "middleware/session", "sliding",
}

// noExample are the entry points that have no Example of their own, and why.
var noExample = map[string]string{
	"backends.TakeTurns":                         "for those who write a store",
	"backends.ValidBudgets":                      "for those who write a store",
	"backends.ValidClaim":                        "for those who write a store",
	"backends.ValidKey":                          "for those who write a store: see ValidText",
	"backends.ValidPasswordHash":                 "for those who write a store",
	"backends.ValidRoles":                        "for those who write a store",
	"backends.ValidValue":                        "for those who write a store",
	"middleware/authtest.Fails":                  "one of the ways of Issuer.Break",
	"middleware/authtest.Garbles":                "one of the ways of Issuer.Break",
	"middleware/authtest.Hangs":                  "one of the ways of Issuer.Break",
	"middleware/authtest.Mux.Handle":             "in that of Guarded",
	"middleware/authtest.Mux.HandleFunc":         "in that of Guarded",
	"jwtauth.ES256Public":                        "as RS256Public",
	"jwtauth.EdDSAPublic":                        "as RS256Public",
	"jwtauth.PS256":                              "as RS256",
	"jwtauth/dpop.New":                           "in that of the package",
	"jwtauth/dpop.Proofs.Sent":                   "for those who write an authenticator",
	"jwtauth/dpop.Proved":                        "for those who write an authenticator: before Check",
	"jwtauth.PS256Public":                        "as RS256Public",
	"middleware/dbsc.Handler.ServeHTTP":          "in that of New",
	"middleware/session.Method.Bind":             "for packages like dbsc",
	"middleware/session.Method.Unproved":         "for packages like dbsc",
	"middleware.AuthorizerFunc.Authorize":        "calls the function",
	"middleware.DenierFunc.Deny":                 "calls the function",
	"middleware.Renew":                           "for those who write a policy: package sliding calls it",
	"jwtauth/tokencookie.Cookies.Reauthenticate": "as that of jwtauth.Tokens, but for the cookies",
}

// silent are the Examples of mistakes that cannot run without a server.
var silent = []string{"backends/postgres.Example_incorrect"}

func TestEveryEntryPointHasAnExample(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range documented {
		p := parsed(t, name)
		for entry, examples := range entryPoints(p) {
			entry = name + "." + entry
			seen[entry] = true
			// What is wrong does not show what is right.
			shown := slices.ContainsFunc(examples, func(e *doc.Example) bool { return !isMistake(e) })
			switch _, excused := noExample[entry]; {
			case excused && shown:
				t.Errorf("%s has an Example, and is in the list of those without one", entry)
			case !excused && !shown:
				t.Errorf("%s has no Example", entry)
			}
		}
	}
	for entry := range noExample {
		if !seen[entry] {
			t.Errorf("%s is in the list of those without an Example, and is no entry point", entry)
		}
	}
}

// A mistake that is shown must show what comes of it, and say what is right.
func TestEveryIncorrectExampleShowsWhatHappens(t *testing.T) {
	for _, name := range documented {
		found := false
		for _, e := range examplesOf(parsed(t, name)) {
			if !isMistake(e) {
				continue
			}
			found = true
			id := name + ".Example" + e.Name
			if strings.TrimSpace(e.Doc) == "" {
				t.Errorf("%s does not say what is wrong", id)
			}
			if e.Output == "" && !slices.Contains(silent, id) {
				t.Errorf("%s does not show what happens", id)
			}
		}
		if !found {
			t.Errorf("%s shows no mistake", name)
		}
	}
}

// The Korean README tells the same in short: what it shows is shown in the other one too, to the
// byte, so that a change there does not leave a line behind that no longer holds.
func TestTheKoreanREADMEShowsTheSameCode(t *testing.T) {
	const name = "README.ko.md"
	fences := blocks(t, name, `\w*`)
	sh, code := blocks(t, name, "sh"), blocks(t, name, "go")
	if len(sh) != 2 || len(code) == 0 || len(sh)+len(code) != len(fences) {
		t.Fatalf("%d commands and %d blocks of Go among %d, want 2 commands and the rest Go", len(sh), len(code), len(fences))
	}
	for _, command := range sh {
		if !slices.Contains(blocks(t, "README.md", "sh"), command) {
			t.Errorf("README.md has no command like this:\n%s", command)
		}
	}
	for _, block := range code {
		if !slices.Contains(blocks(t, "README.md", "go"), block) {
			t.Errorf("README.md has no code like this:\n%s", block)
		}
		vet(t, program(block))
	}
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 90 {
		t.Errorf("%d lines, want at most 90", n)
	}
}

// entryPoints returns what a user calls, with its Examples: functions, constructors, and
// methods that have to do with a handler or a request. A method that implements an interface
// is called by others.
func entryPoints(p *doc.Package) map[string][]*doc.Example {
	entries := make(map[string][]*doc.Example)
	funcs := slices.Clone(p.Funcs)
	for _, t := range p.Types {
		funcs = append(funcs, t.Funcs...)
		for _, m := range t.Methods {
			if takesPartInHTTP(m.Decl) && !strings.Contains(m.Doc, " implements [") {
				entries[t.Name+"."+m.Name] = m.Examples
			}
		}
	}
	for _, f := range funcs {
		entries[f.Name] = f.Examples
	}
	return entries
}

func takesPartInHTTP(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f.Type, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, _ := s.X.(*ast.Ident)
			found = found || x.Name == "http" && (s.Sel.Name == "Handler" || s.Sel.Name == "Request")
		}
		return true
	})
	return found
}

// isMistake reports whether the Example is one of what not to do.
func isMistake(e *doc.Example) bool { return strings.HasPrefix(e.Suffix, "incorrect") }

func examplesOf(p *doc.Package) []*doc.Example {
	all := slices.Clone(p.Examples)
	for _, f := range p.Funcs {
		all = append(all, f.Examples...)
	}
	for _, t := range p.Types {
		all = append(all, t.Examples...)
		for _, f := range slices.Concat(t.Funcs, t.Methods) {
			all = append(all, f.Examples...)
		}
	}
	return all
}

// parsed returns the documentation of a package as pkg.go.dev shows it.
func parsed(t *testing.T, name string) *doc.Package {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../..", name, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	p, err := doc.NewFromFiles(fset, parse(t, fset, paths), module+name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t *testing.T, fset *token.FileSet, paths []string) (files []*ast.File) {
	t.Helper()
	for _, path := range paths {
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}
