package features_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheREADMECountsTheLinesOfEachFeature(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	code := check(t)
	rows := regexp.MustCompile(`(?m)^\| .* \| \[(\w+\.go)\]\((\w+\.go)\) \| (.*) \|$`).FindAllStringSubmatch(string(readme), -1)
	listed := map[string]bool{}
	for _, row := range rows {
		lines, inga := code.count(t, row[1])
		if got, want := row[3], fmt.Sprintf("%d | %d", lines, inga); row[1] != row[2] || got != want {
			t.Errorf("%s: the README says %s, want %s", row[1], got, want)
		}
		listed[row[1]] = true
	}
	for name := range code.files {
		if !listed[name] && name != "doc.go" {
			t.Errorf("%s is not in the README", name)
		}
	}
	if len(listed) < 16 {
		t.Errorf("%d files in the README, want at least 16", len(listed))
	}
}

func TestALoginWithAPasswordAndRolesIsOneFunctionOfAtMost25Lines(t *testing.T) {
	code := check(t)
	for _, d := range code.files["basics.go"].Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Basics" {
			if n := code.line(f.Body.Rbrace) - code.line(f.Body.Lbrace) - 1; n > 25 {
				t.Errorf("%d lines, want at most 25", n)
			}
			return
		}
	}
	t.Error("there is no function Basics")
}

// A program is this package, parsed and checked.
type program struct {
	fset  *token.FileSet
	files map[string]*ast.File
	uses  map[*ast.Ident]types.Object
}

func check(t *testing.T) program {
	t.Helper()
	p := program{token.NewFileSet(), map[string]*ast.File{}, map[*ast.Ident]types.Object{}}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(p.fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		p.files[path], files = f, append(files, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(p.fset, "gc", exports(t))}
	if _, err := conf.Check("features", p.fset, files, &types.Info{Uses: p.uses}); err != nil {
		t.Fatal(err)
	}
	return p
}

// exports returns what the compiler has written about each package that this one imports.
func exports(t *testing.T) func(path string) (io.ReadCloser, error) {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}

// count returns how many lines of code a file has, its imports left out, and how many of them name
// something of inga: a function, a type, a field, a method.
func (p program) count(t *testing.T, name string) (lines, inga int) {
	t.Helper()
	f, text := p.files[name], source(t, name)
	if f == nil {
		t.Errorf("there is no %s", name)
		return 0, 0
	}
	named := map[int]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && ofInga(p.uses[id]) {
			named[p.line(id.Pos())] = true
		}
		return true
	})
	return len(codeLines(f, p.fset, text)), len(named)
}

func ofInga(o types.Object) bool {
	if o == nil || o.Pkg() == nil {
		return false
	}
	rest, ok := strings.CutPrefix(o.Pkg().Path(), "github.com/inga-auth/inga/")
	return ok && !strings.HasPrefix(rest, "examples/")
}

func (p program) line(pos token.Pos) int { return p.fset.Position(pos).Line }

// codeLines returns the lines that have more than a comment, from the end of the imports on.
func codeLines(f *ast.File, fset *token.FileSet, text []byte) map[int]bool {
	begin := fset.Position(f.Name.End()).Line
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			begin = fset.Position(g.End()).Line
		}
	}
	lines := map[int]bool{}
	own := token.NewFileSet()
	file := own.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return lines
		}
		if tok == token.SEMICOLON && literal == "\n" { // written by no one
			continue
		}
		first := own.Position(pos).Line
		for n := range strings.Count(literal, "\n") + 1 {
			if first+n > begin {
				lines[first+n] = true
			}
		}
	}
}

func source(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
