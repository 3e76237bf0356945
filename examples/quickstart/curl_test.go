package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheCurlLinesThatAreShownDoWhatTheySay pastes them into a shell.
func TestTheCurlLinesThatAreShownDoWhatTheySay(t *testing.T) {
	need(t, "curl")
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-cache")...)
		for _, row := range []block{
			{
				after:    "With a cookie",
				statuses: []string{"200", "200", "201", "403", "200", "204"},
				bodies:   []string{`"user_id":"ann"`, `"method":"cookie"`, `"text":"hello"`, `"title":"Not allowed"`, "event: session"},
			},
			{
				after:    "With a Bearer token",
				statuses: []string{"200", "200", "200", "204", "401"},
				bodies:   []string{`"method":"bearer"`, `"roles":["user","admin"]`, "Welcome to the admin area, root.", `"title":"Session has been ended"`},
			},
			{
				after:    "With a refresh token",
				statuses: []string{"200", "200", "200", "200", "200", "400", "200"},
				bodies:   []string{`"token_type":"Bearer"`, `"active":true`, `"sub":"root"`, `"error":"invalid_grant"`, `"kty":"EC"`},
			},
			{
				after:    "With both tokens in cookies",
				statuses: []string{"200", "200", "200", "200", "204"},
				bodies:   []string{`"kind":"token"`, `"method":"token-cookie"`, `"subject":"ann"`},
			},
			{
				after:    "Devices",
				statuses: []string{"200", "200", "200", "200", "200", "401", "200", "204"},
				bodies:   []string{`"label":"curl"`, `"current":true`, `{"ended":1}`, `"title":"Session has been ended"`, `{"ended":0}`},
			},
			{
				after:    "A new password",
				statuses: []string{"200", "200", "401", "200", "204"},
				bodies:   []string{`"ended":0`, `"user_id":"root"`, `"title":"Credentials are not valid"`},
			},
			{
				after:    "An administrator changes",
				statuses: []string{"200", "200", "204", "204", "200", "204"},
				bodies:   []string{`"name":"ann","roles":["user"],"disabled":false`, `{"sessions":[]}`},
			},
		} {
			row.check(t, p)
		}
	})
}

func TestTheCurlLinesAboutTheLimitDoWhatTheySay(t *testing.T) {
	need(t, "curl")
	t.Parallel()
	for onLimit, row := range map[string]block{
		"evict": {
			statuses: []string{"200", "200", "200", "401", "200"},
			bodies:   []string{`"title":"Session has been ended by a newer login"`, `{"ended":2}`},
		},
		"refuse": {
			statuses: []string{"200", "200", "403", "200", "200"},
			bodies:   []string{`"title":"Too many sessions"`, `"subject":"ann"`, `{"ended":2}`},
		},
	} {
		row.after = "The limit"
		row.check(t, start(t, "-max-sessions", "2", "-on-limit", onLimit))
	}
	if text := start(t).output.String(); strings.Contains(text, "The limit") {
		t.Errorf("without a limit there is nothing to show of it:\n%s", text)
	}
}

// A block of lines is shown after some words.
type block struct {
	after    string
	statuses []string
	bodies   []string
}

// check pastes the lines that the program shows into a shell.
func (b block) check(t *testing.T, p *program) {
	t.Helper()
	out := paste(t, lines(p.output.String(), b.after))
	if got := regexp.MustCompile(`(?m)^status (\d+)$`).FindAllStringSubmatch(out, -1); !slices.Equal(second(got), b.statuses) {
		t.Errorf("%s: statuses %q, want %q\n%s", b.after, second(got), b.statuses, out)
	}
	for _, want := range b.bodies {
		if !strings.Contains(out, want) {
			t.Errorf("%s: the output does not have %s:\n%s", b.after, want, out)
		}
	}
}

// lines are those of the indented block that follows the heading.
func lines(text, heading string) string {
	_, rest, _ := strings.Cut(text, heading)
	_, rest, _ = strings.Cut(rest, "\n\n")
	block, _, _ := strings.Cut(rest, "\n\n")
	return block + "\n"
}

// paste runs the lines in a shell whose curl says the status of each answer, and leaves a stream
// after its first event.
func paste(t *testing.T, lines string) string {
	t.Helper()
	const curl = `curl() {
		case "$*" in */events) listen "$@"; return ;; esac
		command curl -sS --noproxy '*' -w '%{stderr}\nstatus %{http_code}\n' "$@"
	}
	listen() {
		command curl -sS --noproxy '*' -i "$@" > $TMPDIR/events &
		until grep -q '^data' $TMPDIR/events || ! kill -0 $!; do sleep 0.1; done
		kill $!
		sed 's/^HTTP[^ ]* \([0-9]*\).*/status \1/' $TMPDIR/events
	}
	`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", curl+lines)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("shell: %v", err)
	}
	return string(out)
}

func second(matches [][]string) []string {
	var all []string
	for _, m := range matches {
		all = append(all, m[1])
	}
	return all
}

// need ends the test if the program is not installed: at home it is skipped, in CI that
// would hide what was not tested. It returns where the program is.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}
