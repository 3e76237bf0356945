package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/template"
	"time"
)

// welcome prints where the server is, how to log in, and what to try. The blocks of curl lines
// can be pasted into a shell, and the tests do that.
func welcome(out io.Writer, url string, o options) {
	place := "in memory"
	if o.stored() {
		place = "in the database, these two users included"
	}
	kept := "$last" // the jar that is still logged in after a login over the limit
	if o.onLimit == onLimitRefuse {
		kept = "$first"
	}
	var text bytes.Buffer // written at once, so that no log line comes in between
	err := welcomeText.Execute(&text, map[string]any{
		"URL": url, "Place": place, "Restart": restart(o),
		"Idle": short(o.policy.Idle), "Absolute": short(o.policy.Absolute), "AccessTTL": short(o.accessTTL),
		"Users": o.users, "Ann": o.users[0], "Root": o.users[1],
		"Limit": limitText(o), "MaxSessions": o.maxSessions, "Kept": kept,
		"Cache": o.cache, "MaxLag": short(o.maxLag), "Fresh": short(o.fresh), "Overlap": short(o.overlap + o.leeway),
	})
	if err != nil {
		panic(err) // the template is wrong
	}
	// An error means that there is no one to read it.
	_, _ = text.WriteTo(out)
}

// restart says what a restart does to the sessions.
func restart(o options) string {
	switch {
	case o.keyFile == "":
		return "The keys are new at each start, so a restart logs everyone out: see -keys."
	case !o.stored():
		return "The keys are kept but the sessions are not, so a restart logs everyone out."
	}
	return "The keys are kept too, so a restart logs nobody out."
}

// limitText says how many sessions a user may have.
func limitText(o options) string {
	if o.maxSessions == 0 {
		return "A user may have any number of them: see -max-sessions."
	}
	what := "ends the least recently used one"
	if o.onLimit == onLimitRefuse {
		what = "is refused"
	}
	return fmt.Sprintf("A user may have %d of them, and another login %s; an administrator may have any number.", o.maxSessions, what)
}

// short prints 12h0m0s as 12h.
func short(d time.Duration) string {
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

var welcomeText = template.Must(template.New("welcome").Parse(`
  inga quickstart: log in at {{.URL}}

  Two users, with passwords that anyone can read in the source: for this demonstration only.
{{range .Users}}
    {{printf "%-6s %-17s" .Name .Password}}{{range $i, $r := .Roles}}{{if $i}}, {{end}}{{$r}}{{end}}{{end}}

  Sessions are kept {{.Place}}.
  They end after {{.Idle}} without use, and {{.Absolute}} after the login at the latest; an access
  token lives {{.AccessTTL}}. {{.Restart}}
  {{.Limit}}
{{- if .Cache}}
  They are cached. A change by another process takes effect here within milliseconds, and
  within {{.MaxLag}} if the connection that reports changes breaks.{{end}}

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

  With a refresh token. It is replaced once it is {{.Overlap}} old; presented twice, it leads to the
  same one, in case the first response was lost. Only an administrator may introspect a token;
  anyone may revoke one, or fetch the keys:

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

  With both tokens in cookies. The refresh replaces them, as above; no other request needs it:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login/cookies
    curl -b $jar -c $jar $url/me
    curl -b $jar -c $jar -X POST $url/refresh
    curl -b $jar -c $jar $url/me
    curl -b $jar -c $jar -X POST $url/logout

  Devices: where a user is logged in. Ending a session takes a login that is at most {{.Fresh}}
  old, so give the password again first:

    url={{.URL}} jar=$(mktemp) other=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    id=$(curl -c $other --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login | sed 's/.*"id":"\([^"]*\)".*/\1/')
    curl -b $jar -c $jar $url/sessions
    curl -b $jar -c $jar --json '{"password":"{{.Root.Password}}"}' $url/reauthenticate
    curl -b $jar -c $jar -X DELETE $url/sessions/$id
    curl -b $other $url/me
    curl -b $jar -c $jar -X DELETE "$url/sessions?others"
    curl -b $jar -c $jar -X POST $url/logout

  A new password ends all other sessions, and gives this one a new cookie:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar --json '{"old":"{{.Root.Password}}","new":"tea after all"}' $url/password
    curl --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar --json '{"old":"tea after all","new":"{{.Root.Password}}"}' $url/password
    curl -b $jar -c $jar -X POST $url/logout

  An administrator changes what users may do, from their next request on:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar $url/users
    curl -b $jar -c $jar -X PUT --json '{"roles":["user","admin"]}' $url/users/{{.Ann.Name}}/roles
    curl -b $jar -c $jar -X PUT --json '{"roles":["user"]}' $url/users/{{.Ann.Name}}/roles
    curl -b $jar -c $jar $url/users/{{.Ann.Name}}/sessions
    curl -b $jar -c $jar -X POST $url/logout
{{if .MaxSessions}}
  The limit, with a login over it:

    url={{.URL}} first=$(mktemp) last=$(mktemp)
    curl -c $first --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login
    for i in $(seq {{.MaxSessions}}); do curl -c $last --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login; done
    curl -b $first $url/me
    curl -b {{.Kept}} -X DELETE $url/sessions
{{end}}
`))
