package main

import (
	"bytes"
	"fmt"
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
	kept := "$last" // of a user with too many logins
	if o.onLimit == onLimitRefuse {
		kept = "$first"
	}
	var text bytes.Buffer // so that nothing comes between the lines
	err := welcomeText.Execute(&text, map[string]any{
		"URL": url, "Place": place, "Restart": restart(o),
		"Idle": short(o.policy.Idle), "Absolute": short(o.policy.Absolute), "AccessTTL": short(o.accessTTL),
		"Users": demoUsers, "Ann": demoUsers[0], "Root": demoUsers[1],
		"Limit": limitText(o), "MaxSessions": o.maxSessions, "Kept": kept,
		"Cache": o.cache, "MaxLag": short(o.maxLag), "Fresh": short(o.fresh),
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

// limitText says how often a user may be logged in.
func limitText(o options) string {
	if o.maxSessions == 0 {
		return "A user may have any number of them: see -max-sessions."
	}
	what := "ends the one used least recently"
	if o.onLimit == onLimitRefuse {
		what = "is refused"
	}
	return fmt.Sprintf("A user may have %d of them, and a login more %s; an administrator any number.", o.maxSessions, what)
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
  {{.Limit}}
{{- if .Cache}}
  A cache is before them. What another process changes holds here in milliseconds, and after
  {{.MaxLag}} whatever breaks.{{end}}

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

  Devices: where one is logged in, and the end of that. A login from more than {{.Fresh}} ago is
  not enough for it, so the password is asked for again:

    url={{.URL}} jar=$(mktemp) other=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    id=$(curl -c $other --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login | sed 's/.*"id":"\([^"]*\)".*/\1/')
    curl -b $jar -c $jar $url/sessions
    curl -b $jar -c $jar --json '{"password":"{{.Root.Password}}"}' $url/reauthenticate
    curl -b $jar -c $jar -X DELETE $url/sessions/$id
    curl -b $other $url/me
    curl -b $jar -c $jar -X DELETE "$url/sessions?others"
    curl -b $jar -c $jar -X POST $url/logout

  A new password ends all other sessions, and gives this one a new secret:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar --json '{"old":"{{.Root.Password}}","new":"tea after all"}' $url/password
    curl --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar --json '{"old":"tea after all","new":"{{.Root.Password}}"}' $url/password
    curl -b $jar -c $jar -X POST $url/logout

  An administrator changes what others may do, from their next request on:

    url={{.URL}} jar=$(mktemp)
    curl -c $jar --json '{"name":"{{.Root.Name}}","password":"{{.Root.Password}}"}' $url/login
    curl -b $jar -c $jar $url/users
    curl -b $jar -c $jar -X PUT --json '{"roles":["user","admin"]}' $url/users/{{.Ann.Name}}/roles
    curl -b $jar -c $jar -X PUT --json '{"roles":["user"]}' $url/users/{{.Ann.Name}}/roles
    curl -b $jar -c $jar $url/users/{{.Ann.Name}}/sessions
    curl -b $jar -c $jar -X POST $url/logout
{{if .MaxSessions}}
  The limit, with one login too many:

    url={{.URL}} first=$(mktemp) last=$(mktemp)
    curl -c $first --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login
    for i in $(seq {{.MaxSessions}}); do curl -c $last --json '{"name":"{{.Ann.Name}}","password":"{{.Ann.Password}}"}' $url/login; done
    curl -b $first $url/me
    curl -b {{.Kept}} -X DELETE $url/sessions
{{end}}
`))
