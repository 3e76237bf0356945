package main

import (
	"bytes"
	"io"
	"strings"
	"text/template"
	"time"
)

// welcome says where the server is and what to try. Each line of the blocks with curl can be
// pasted into a shell; the tests do so.
func welcome(out io.Writer, url string, o options) {
	place := "in memory"
	if o.databaseURL != "" {
		place = "in the database, these two users included"
	}
	var text bytes.Buffer // so that nothing comes between the lines
	err := welcomeText.Execute(&text, map[string]any{
		"URL": url, "Place": place, "Restart": restart(o),
		"Idle": short(o.policy.Idle), "Absolute": short(o.policy.Absolute), "AccessTTL": short(o.accessTTL),
		"Users": demoUsers, "Ann": demoUsers[0], "Root": demoUsers[1],
	})
	if err != nil {
		panic(err) // the template is wrong
	}
	// An error here means that nobody reads.
	_, _ = text.WriteTo(out)
}

// restart says what a restart does to the sessions: they go on if keys and rows are kept.
func restart(o options) string {
	switch {
	case o.keyFile == "":
		return "The keys are new at each start, so a restart logs everyone out: see -keys."
	case o.databaseURL == "":
		return "The keys are kept and the sessions are not, so a restart logs everyone out."
	}
	return "The keys are kept as well, so a restart logs nobody out."
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
  token lives {{.AccessTTL}}. {{.Restart}}

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

  With a refresh token. Asked twice, the server gives the same new one, in case the first answer
  was lost. Only an admin is told what a token is; anybody may revoke one, and anybody verify:

    url={{.URL}}
    tokens=$(curl --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login/token)
    access=$(echo "$tokens" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
    refresh=$(echo "$tokens" | sed 's/.*"refresh_token":"\([^"]*\)".*/\1/')
    curl -d grant_type=refresh_token -d refresh_token=$refresh $url/token
    curl -d grant_type=refresh_token -d refresh_token=$refresh $url/token
    curl -H "Authorization: Bearer $access" -d token=$refresh $url/introspect
    curl -d token=$refresh $url/revoke
    curl -d grant_type=refresh_token -d refresh_token=$refresh $url/token
    curl $url/.well-known/jwks.json

  With both tokens in cookies, which are refreshed when that is due, or when asked:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login/cookies
    curl -b $jar -c $jar $url/me
    curl -b $jar -c $jar -X POST $url/refresh
    curl -b $jar -c $jar $url/me
    curl -b $jar -c $jar -X POST $url/logout

`))
