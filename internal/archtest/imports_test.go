package archtest_test

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/inga-auth/inga/"

// arrows are the imports that may be, from each package to others of this module. A package that
// is not named may not exist, and neither may an arrow that no package needs. The examples are a
// module of their own.
var arrows = map[string][]string{
	"backends":             {"internal/text"},
	"backends/backendtest": {"backends"},
	"backends/cache":       {"backends", "internal/nilcheck", "internal/recall", "internal/subscribers"},
	"backends/memory":      {"backends", "internal/record", "internal/subscribers"},
	"backends/password":    {"backends", "internal/nilcheck"},
	"backends/postgres":    {"backends", "internal/subscribers"},

	"middleware":          {"internal/nilcheck", "internal/text", "middleware/clientip"},
	"middleware/authtest": {"middleware"},
	"middleware/callback": {"internal/browser", "internal/seal", "internal/text", "middleware"},
	"middleware/clientip": {},
	"middleware/link":     {"backends", "internal/browser", "internal/nilcheck", "internal/seal", "middleware"},
	"middleware/session":  {"backends", "internal/nilcheck", "middleware", "middleware/clientip"},
	"sliding":             {"middleware"},

	"cookie":              {"backends", "internal/browser", "internal/entropy", "internal/identity", "internal/recall", "internal/seal", "middleware", "middleware/session"},
	"jwtauth":             {"backends", "internal/bearer", "internal/browser", "internal/entropy", "internal/jose", "internal/tokens", "middleware", "middleware/session"},
	"jwtauth/foreign":     {"backends", "internal/bearer", "internal/jose", "jwtauth", "middleware"},
	"jwtauth/oauth":       {"internal/jose", "internal/tokens", "jwtauth", "middleware"},
	"jwtauth/tokencookie": {"backends", "internal/browser", "internal/tokens", "jwtauth", "middleware"},
	"middleware/devices":  {"backends", "internal/browser", "internal/text", "middleware", "middleware/session"},

	"internal/bearer":      {"middleware"},
	"internal/browser":     {"middleware"},
	"internal/entropy":     {},
	"internal/identity":    {"internal/recall", "internal/record", "middleware"},
	"internal/jose":        {},
	"internal/nilcheck":    {},
	"internal/recall":      {"backends", "internal/record"},
	"internal/record":      {"backends"},
	"internal/seal":        {"internal/entropy"},
	"internal/subscribers": {},
	"internal/text":        {},
	"internal/tokens":      {"backends", "internal/bearer", "internal/identity", "internal/jose", "internal/recall", "middleware", "middleware/session"},

	// For tests only.
	"internal/archtest":     {},
	"internal/bench":        {"backends"},
	"internal/eventtest":    {"middleware"},
	"internal/pgtest":       {},
	"internal/redistest":    {},
	"internal/requirements": {},
	"internal/storetest":    {"backends", "backends/cache", "backends/memory", "backends/postgres", "internal/pgtest", "internal/recall"},
	"internal/tokentest": {
		"backends", "internal/eventtest", "internal/storetest", "internal/tokens",
		"jwtauth", "jwtauth/oauth", "jwtauth/tokencookie", "middleware", "middleware/session", "sliding",
	},
}

// forTests are the packages that only tests may import.
var forTests = []string{
	"backends/backendtest", "middleware/authtest",
	"internal/archtest", "internal/bench", "internal/eventtest", "internal/pgtest", "internal/redistest", "internal/requirements", "internal/storetest", "internal/tokentest",
}

// linked are the modules that a program links that uses a package, besides the standard library
// and this module. It keeps database drivers, token libraries and password hashing away from
// those who use none of them.
var linked = map[string][]string{
	"backends":          {},
	"backends/memory":   {},
	"backends/cache":    {"github.com/maypok86/otter/v2", "golang.org/x/sync"},
	"backends/password": {"golang.org/x/crypto", "golang.org/x/sys"},
	"backends/postgres": {"github.com/jackc/pgpassfile", "github.com/jackc/pgservicefile", "github.com/jackc/pgx/v5", "github.com/jackc/puddle/v2", "golang.org/x/sync", "golang.org/x/text"},

	"middleware":          {},
	"middleware/callback": {},
	"middleware/clientip": {},
	"middleware/link":     {},
	"middleware/session":  {},
	"middleware/devices":  {"github.com/mileusna/useragent"},
	"sliding":             {},

	"cookie":              {"github.com/gorilla/securecookie", "golang.org/x/net"},
	"jwtauth":             {"github.com/golang-jwt/jwt/v5"},
	"jwtauth/foreign":     {"github.com/golang-jwt/jwt/v5"},
	"jwtauth/oauth":       {"github.com/golang-jwt/jwt/v5"},
	"jwtauth/tokencookie": {"github.com/golang-jwt/jwt/v5"},
}

func TestPackagesImportWhatTheArchitectureAllows(t *testing.T) {
	imports := importsOf(t)
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		allowed, known := arrows[from]
		if !known {
			t.Errorf("package %s has no place in the architecture", from)
		}
		for _, to := range imports[from] {
			if !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which it may not", from, to)
			}
			if slices.Contains(forTests, to) && !slices.Contains(forTests, from) {
				t.Errorf("%s imports %s, which is for tests", from, to)
			}
		}
	}
	for from, allowed := range arrows {
		if _, exists := imports[from]; !exists {
			t.Errorf("package %s is in the architecture and does not exist", from)
		}
		for _, to := range allowed {
			if !slices.Contains(imports[from], to) {
				t.Errorf("%s may import %s, and does not", from, to)
			}
		}
	}
}

func TestAProgramLinksOnlyWhatItUses(t *testing.T) {
	for from := range arrows {
		if _, listed := linked[from]; !listed && !slices.Contains(forTests, from) && !strings.HasPrefix(from, "internal/") {
			t.Errorf("it is not said what %s links", from)
		}
	}
	for from, want := range linked {
		modules := slices.Sorted(strings.FieldsSeq(goList(t, `{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}`, "-deps", module+from)))
		if got := slices.Compact(modules); !slices.Equal(got, want) {
			t.Errorf("%s links %q, want %q", from, got, want)
		}
	}
}

// importsOf returns the imports of each package from others of this module.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(goList(t, `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...")) {
		names := strings.Fields(line)
		from := strings.TrimPrefix(names[0], module)
		all[from] = nil
		for _, name := range names[1:] {
			if to, ours := strings.CutPrefix(name, module); ours {
				all[from] = append(all[from], to)
			}
		}
	}
	return all
}

// goList runs go list, for which the imports of tests do not count.
func goList(t *testing.T, format string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", format}, args...)...)
	cmd.Dir = "../.."
	// Without the workspace, so that what the examples need does not count as ours.
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return string(out)
}
