package house_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/inga-auth/inga/"

// arrows are the imports that may be, from each package to others of this module. A
// package that is not named may not exist; the examples are a module of their own.
var arrows = map[string][]string{
	"backends":             {"internal/text"},
	"backends/memory":      {"backends"},
	"backends/postgres":    {"backends"},
	"backends/cache":       {"backends"},
	"backends/backendtest": {"backends"},
	"middleware":           {"internal/text"},
	"middleware/authtest":  {"middleware"},
	"middleware/devices":   {"backends", "middleware", "internal/session", "internal/text"},
	"internal/text":        {},
	"internal/ambient":     {"middleware"},
	"internal/entropy":     {},
	"internal/session":     {"backends", "middleware"},
	"cookie":               {"backends", "middleware", "internal/ambient", "internal/entropy", "internal/session"},
	"jwtauth":              {"backends", "middleware", "internal/ambient", "internal/bearer", "internal/jose", "internal/entropy", "internal/session"},
	"jwtauth/foreign":      {"backends", "jwtauth", "middleware", "internal/bearer", "internal/jose"},
	"internal/bearer":      {"middleware"},
	"internal/jose":        {},
	"sliding":              {"middleware"},
	"internal/floor":       {},
	"internal/eventtest":   {"middleware"},
	"internal/storetest":   {"backends", "backends/cache", "backends/memory", "backends/postgres", "internal/pgtest"},
	"internal/pgtest":      {},
	"internal/house":       {},
}

// linked is what a program links that uses a package, besides the standard library and this
// module. It keeps database drivers and token libraries away from those who use neither.
var linked = map[string][]string{
	"middleware":     {},
	"sliding":        {},
	"backends/cache": {"golang.org/x/crypto", "golang.org/x/sys", "golang.org/x/sync", "github.com/maypok86/otter"},

	"middleware/devices": {"golang.org/x/crypto", "golang.org/x/sys", "github.com/mileusna/useragent"},

	"backends":        {"golang.org/x/crypto", "golang.org/x/sys"},
	"backends/memory": {"golang.org/x/crypto", "golang.org/x/sys"},
	"cookie":          {"golang.org/x/crypto", "golang.org/x/sys", "github.com/gorilla/securecookie"},
	"jwtauth":         {"golang.org/x/crypto", "golang.org/x/sys", "github.com/golang-jwt/jwt"},
}

func TestNoImportCrossesTheHouse(t *testing.T) {
	for line := range strings.Lines(goList(t, `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...")) {
		names := strings.Fields(line)
		from := strings.TrimPrefix(names[0], module)
		allowed, known := arrows[from]
		if !known {
			t.Errorf("package %s has no place in the house", from)
		}
		for _, name := range names[1:] {
			to, ours := strings.CutPrefix(name, module)
			if ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which may not be", from, to)
			}
		}
	}
}

func TestNobodyLinksWhatTheyDoNotUse(t *testing.T) {
	for from, allowed := range linked {
		for name := range strings.FieldsSeq(goList(t, `{{if not .Standard}}{{.ImportPath}}{{end}}`, "-deps", module+from)) {
			ok := strings.HasPrefix(name, module) || slices.ContainsFunc(allowed, func(prefix string) bool {
				return strings.HasPrefix(name, prefix+"/") || name == prefix
			})
			if !ok {
				t.Errorf("%s links %s", from, name)
			}
		}
	}
}

// The toolchain's own telling of who imports whom is the ground truth; tests do not count.
func goList(t *testing.T, format string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", format}, args...)...)
	cmd.Dir = "../.."
	// Without the workspace, so that what the examples need is not counted as ours.
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return string(out)
}
