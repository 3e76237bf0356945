// Package requirements_test keeps the table of requirements and the comments that cite it in
// step.
package requirements_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A row is a requirement of the table.
type row struct{ id, text, source string }

// A comment is one comment of a Go file. Where is its file and line.
type comment struct {
	where, text string
	product     bool // neither of a test nor of a conformance suite
}

// rowsOf returns the rows of the tables in a Markdown document.
func rowsOf(doc string) []row {
	var rows []row
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 3 || cells[0] != "" || !isCode.MatchString(strings.TrimSpace(cells[1])) {
			continue
		}
		cells = append(cells, "", "")
		rows = append(rows, row{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])})
	}
	return rows
}

var (
	isCode   = regexp.MustCompile(`^[A-Z]{2,3}-[0-9]+$`)
	word     = regexp.MustCompile(`[\w-]+`)
	promise  = regexp.MustCompile(`(?i)\bpromises? [0-9]`)
	isSource = regexp.MustCompile(`^(inga` +
		`|ASVS [0-9]+\.[0-9]+\.[0-9]+ L[123]` +
		`|(RFC [0-9]+|NIST|draft-[a-z0-9-]+) sections? [0-9].*` +
		`|CVE-[0-9]+-[0-9]+` +
		`|OWASP [A-Z].* Cheat Sheet)$`)
)

// codes returns what looks like the ID of a requirement. UTF-8 and SHA-256 are none.
func codes(text string) []string {
	return slices.DeleteFunc(word.FindAllString(text, -1), func(w string) bool {
		return !isCode.MatchString(w) || strings.HasPrefix(w, "UTF-") || strings.HasPrefix(w, "SHA-")
	})
}

// mistakes returns what is wrong with the table, or with a comment that cites it.
func mistakes(rows []row, comments []comment) []string {
	var found []string
	bad := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	cited := map[string]bool{}
	for _, r := range rows {
		if _, twice := cited[r.id]; twice {
			bad("%s has two rows", r.id)
		}
		cited[r.id] = false
		if r.text == "" {
			bad("%s says nothing", r.id)
		}
		for source := range strings.SplitSeq(r.source, ";") {
			if !isSource.MatchString(strings.TrimSpace(source)) {
				bad("%s has the source %q, want for example ASVS 7.2.3 L1, RFC 6750 section 3, or inga", r.id, source)
			}
		}
	}
	for _, c := range comments {
		if promise.MatchString(c.text) {
			bad("%s: cites a promise by its number, want the ID of a row", c.where)
		}
		for _, code := range codes(c.text) {
			if _, known := cited[code]; !known {
				bad("%s: cites %s, which has no row", c.where, code)
				continue
			}
			if c.product {
				bad("%s: cites %s outside of a test, want it in words", c.where, code)
				continue
			}
			cited[code] = true
		}
	}
	for _, r := range rows {
		if !cited[r.id] {
			bad("%s is cited by no test", r.id)
		}
	}
	return found
}

// commentsOf returns the comments of all Go files below root.
func commentsOf(t *testing.T, root string) []comment {
	var all []comment
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		all = append(all, scan(filepath.ToSlash(name), src)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func scan(name string, src []byte) []comment {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile(name, -1, len(src))
	s.Init(file, src, nil, scanner.ScanComments)
	product := !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "backends/backendtest/")
	var all []comment
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return all
		}
		if tok == token.COMMENT {
			all = append(all, comment{fmt.Sprintf("%s:%d", name, file.Line(pos)), text, product})
		}
	}
}

func TestEveryRequirementIsCitedByATestAndEveryCitationHasARow(t *testing.T) {
	doc, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, comments := rowsOf(string(doc)), commentsOf(t, "../..")
	if len(rows) < 100 || len(comments) < 1000 {
		t.Fatalf("%d rows and %d comments: some were not found", len(rows), len(comments))
	}
	for _, m := range mistakes(rows, comments) {
		t.Error(m)
	}
}

func TestAMistakeInTheTableOrInACommentIsFound(t *testing.T) {
	good := "| XX-1 | It works. | ASVS 7.2.3 L1; RFC 6750 sections 3 and 3.1; inga |\n"
	for name, r := range map[string]struct {
		doc, file, src string
		want           []string
	}{
		"none":           {good, "a_test.go", "// XX-1: SHA-256, UTF-8, CVE-2022-21449 and ML-DSA-44.", nil},
		"in the suite":   {good, "backends/backendtest/a.go", "// XX-1", nil},
		"after code":     {good, "a_test.go", "var x = 1 // XX-1's spirit", nil},
		"not in a test":  {good, "a_test.go", `var x = "XX-1"`, []string{"XX-1 is cited by no test"}},
		"in the product": {good, "a.go", "\n// XX-1", []string{"a.go:2: cites XX-1 outside of a test, want it in words", "XX-1 is cited by no test"}},
		"no row":         {good, "a_test.go", "// XX-1, XX-2, Y-1, YYY-1", []string{"a_test.go:1: cites XX-2, which has no row", "a_test.go:1: cites YYY-1, which has no row"}},
		"a promise":      {good, "a_test.go", "// XX-1\n// Promises 4 and 5.", []string{"a_test.go:2: cites a promise by its number, want the ID of a row"}},
		"two rows":       {good + good, "a_test.go", "/* XX-1 */", []string{"XX-1 has two rows"}},
		"no source": {"| XX-1 | It works. | |\n", "a_test.go", "// XX-1",
			[]string{`XX-1 has the source "", want for example ASVS 7.2.3 L1, RFC 6750 section 3, or inga`}},
		"no level": {"| XX-1 | It works. | inga; ASVS 7.2.3 |\n", "a_test.go", "// XX-1",
			[]string{`XX-1 has the source " ASVS 7.2.3", want for example ASVS 7.2.3 L1, RFC 6750 section 3, or inga`}},
		"no text": {"| XX-1 | | inga |\n", "a_test.go", "// XX-1", []string{"XX-1 says nothing"}},
	} {
		if got := mistakes(rowsOf(r.doc), scan(r.file, []byte(r.src))); !slices.Equal(got, r.want) {
			t.Errorf("%s: got %q, want %q", name, got, r.want)
		}
	}
}
