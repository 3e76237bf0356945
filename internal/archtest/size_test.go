package archtest_test

import (
	"bytes"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxLines   = 250
	maxMethods = 12
)

func TestNoFileIsTooLong(t *testing.T) {
	for name := range arrows {
		if slices.Contains(forTests, name) {
			continue
		}
		for _, path := range sources(t, name) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(text, []byte("\n")); n > maxLines {
				t.Errorf("%s has %d lines, want at most %d", path, n, maxLines)
			}
		}
	}
}

// A type with many methods is several types, and its documentation a page to scroll. The methods of the contracts of package backends do
// not count: a store must have them all.
func TestNoTypeHasTooManyMethods(t *testing.T) {
	contracts := contractMethods(t)
	if len(contracts) < 20 {
		t.Fatalf("the contracts have %d methods, want at least 20", len(contracts))
	}
	for name := range arrows {
		if strings.HasPrefix(name, "internal/") {
			continue
		}
		methods := map[string][]string{}
		for _, f := range syntax(t, name) {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv != nil && n.Name.IsExported() && !slices.Contains(contracts, n.Name.Name) {
						methods[receiver(n)] = append(methods[receiver(n)], n.Name.Name)
					}
				case *ast.TypeSpec:
					if i, ok := n.Type.(*ast.InterfaceType); ok {
						methods[n.Name.Name] = methodsOf(i)
					}
				}
				return true
			})
		}
		for typ, all := range methods {
			if len(all) > maxMethods {
				t.Errorf("%s.%s has the exported methods %q, want at most %d", name, typ, all, maxMethods)
			}
		}
	}
}

// contractMethods returns the methods of the interfaces of package backends.
func contractMethods(t *testing.T) (names []string) {
	t.Helper()
	for _, f := range syntax(t, "backends") {
		ast.Inspect(f, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				names = append(names, methodsOf(i)...)
			}
			return true
		})
	}
	return names
}

func methodsOf(i *ast.InterfaceType) (names []string) {
	for _, m := range i.Methods.List {
		for _, name := range m.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// receiver returns the name of the type of a method.
func receiver(f *ast.FuncDecl) (name string) {
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name
}

// sources returns the Go files of a package without its tests.
func sources(t *testing.T, name string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../..", name, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no Go files (%v)", name, err)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
}

// syntax returns the parsed files of a package without its tests.
func syntax(t *testing.T, name string) []*ast.File {
	t.Helper()
	return parse(t, token.NewFileSet(), sources(t, name))
}
