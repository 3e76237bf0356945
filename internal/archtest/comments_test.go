package archtest_test

import (
	"go/ast"
	"go/doc/comment"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// Everything that a user can name has a doc: packages, functions, methods, types, the fields of
// structs, the methods of interfaces, and each constant and variable, unless the doc of its group
// speaks for all of them.
func TestEverythingExportedHasADoc(t *testing.T) {
	n := 0
	for name := range arrows {
		if strings.HasPrefix(name, "internal/") {
			continue
		}
		packageDoc := false
		for _, f := range syntax(t, name) {
			packageDoc = packageDoc || f.Doc != nil
			for _, decl := range f.Decls {
				for _, entry := range exported(decl) {
					n++
					if !entry.doc {
						t.Errorf("%s.%s has no doc", name, entry.name)
					}
				}
			}
		}
		if !packageDoc {
			t.Errorf("package %s has no doc", name)
		}
	}
	if n < 300 {
		t.Errorf("%d exported names, want at least 300: some are not seen", n)
	}
}

// Code right after a list is read as part of its last item, and go doc runs its lines together: a
// paragraph has to stand between.
func TestNoListOfADocSwallowsCode(t *testing.T) {
	code := regexp.MustCompile(`:= |\)\s*\{|\}\)`)
	for name := range arrows {
		for _, f := range syntax(t, name) {
			for _, group := range f.Comments {
				for _, block := range new(comment.Parser).Parse(group.Text()).Content {
					list, ok := block.(*comment.List)
					if text := (&comment.Printer{}).Text(&comment.Doc{Content: []comment.Block{block}}); ok && code.Match(text) {
						t.Errorf("%s: a list with %d items has code:\n%s", name, len(list.Items), text)
					}
				}
			}
		}
	}
}

// An entry is an exported name of a package.
type entry struct {
	name string
	doc  bool
}

func exported(decl ast.Decl) (found []entry) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			if !ast.IsExported(receiver(d)) {
				return nil
			}
			name = receiver(d) + "." + name
		}
		if d.Name.IsExported() {
			found = append(found, entry{name, d.Doc != nil})
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						found = append(found, entry{name.Name, s.Doc != nil || s.Comment != nil || d.Doc != nil && (d.Tok == token.CONST || len(d.Specs) == 1)})
					}
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					if s.Doc == nil && len(d.Specs) == 1 {
						s.Doc = d.Doc
					}
					found = append(found, entry{s.Name.Name, s.Doc != nil})
					found = append(found, members(s)...)
				}
			}
		}
	}
	return found
}

// members returns the exported fields of a struct, or the methods of an interface.
func members(s *ast.TypeSpec) (found []entry) {
	var list *ast.FieldList
	switch typ := s.Type.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list = typ.Methods
	default:
		return nil
	}
	above := s.Doc.Text() // a doc may speak of several fields, by their names
	for _, f := range list.List {
		if f.Doc != nil {
			above = f.Doc.Text()
		}
		for _, name := range f.Names {
			if name.IsExported() {
				found = append(found, entry{s.Name.Name + "." + name.Name, f.Doc != nil || f.Comment != nil || strings.Contains(above, name.Name)})
			}
		}
	}
	return found
}
