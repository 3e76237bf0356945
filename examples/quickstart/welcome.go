package main

import (
	"io"
	"strings"
	"text/template"
	"time"
)

// welcome says where the server is and what to try. Each line of the two blocks with curl
// can be pasted into a shell; the tests do so.
func welcome(out io.Writer, url string, o options) {
	place := "in memory"
	if o.databaseURL != "" {
		place = "in the database, these two users included"
	}
	// An error here means that nobody reads.
	_ = welcomeText.Execute(out, map[string]any{
		"URL": url, "Place": place,
		"Idle": short(o.policy.Idle), "Absolute": short(o.policy.Absolute), "AccessTTL": short(o.accessTTL),
		"Users": demoUsers, "Ann": demoUsers[0], "Root": demoUsers[1],
	})
}

// short is 12h for 12h0m0s.
func short(d time.Duration) string {
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

var welcomeText = template.Must(template.New("welcome").Parse(`
  inga quickstart is at {{.URL}}

  Two users, with passwords that anybody can read in the source: for this demonstration only.
{{range .Users}}
    {{printf "%-6s %-17s" .Name .Password}}{{range $i, $r := .Roles}}{{if $i}}, {{end}}{{$r}}{{end}}{{end}}

  Sessions are kept {{.Place}}.
  They end after {{.Idle}} without use, and {{.Absolute}} after the login at the latest; an access
  token lives {{.AccessTTL}}. The keys are new at each start, so a restart logs everyone out.

  With a cookie. The admin area refuses ann, and Ctrl-C ends the events:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login
    curl -b $jar -c $jar $url/me
    curl -b $jar -c $jar --json '{"text":"hello"}' $url/note
    curl -b $jar -c $jar $url/admin
    curl -b $jar -N $url/events
    curl -b $jar -c $jar -X POST $url/logout

  With a Bearer token, which the logout ends as well:

    url={{.URL}}
    token=$(curl --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
    curl -H "Authorization: Bearer $token" $url/me
    curl -H "Authorization: Bearer $token" $url/admin
    curl -H "Authorization: Bearer $token" -X POST $url/logout
    curl -H "Authorization: Bearer $token" $url/me

`))
