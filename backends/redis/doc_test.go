package redis_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheTestsThatThePackageDocNamesExist(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "../postgres/*_test.go", "../../examples/proof/*_test.go"} {
		for _, path := range must(filepath.Glob(pattern))(t) {
			tests.Write(must(os.ReadFile(path))(t))
		}
	}
	doc := string(must(os.ReadFile("doc.go"))(t))
	names := regexp.MustCompile(`\b(Test|Benchmark)[A-Z]\w+`).FindAllString(doc, -1)
	for _, name := range names {
		if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
			t.Errorf("%s does not exist", name)
		}
	}
	if len(names) < 20 {
		t.Errorf("%d names, want at least 20", len(names))
	}
}
