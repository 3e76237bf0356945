package parity_test

import "strings"

// Credentials are header lines, by the names that the tables use.
type credentials map[string]string

// newCredentials logs in as often as it takes.
func newCredentials(c *client) credentials {
	c.t.Helper()
	all := credentials{
		"cookie of ann":  c.cookie("ann"),
		"cookie of root": c.cookie("root"),
		"token of ann":   c.token("ann"),
		"token of root":  c.token("root"),

		"ended cookie": c.cookie("ann"),
		"ended token":  c.token("ann"),
		"last cookie":  c.cookie("ann"),
		"last token":   c.token("ann"),

		"garbage cookie":  "Cookie: __Host-session=garbage",
		"garbage token":   "Authorization: Bearer garbage",
		"no token":        "Authorization: Bearer",
		"other scheme":    "Authorization: Basic YW5uOmFubi1saWtlcy10ZWE=",
		"page elsewhere":  "Origin: https://elsewhere.example",
		"script of other": "Sec-Fetch-Site: cross-site",
		"own page":        "Origin: " + c.program.url,
		"browser":         "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
	}
	c.logout(all["ended cookie"])
	c.logout(all["ended token"])
	all["forged cookie"] = forge(all["cookie of ann"])
	all["forged token"] = forge(all["token of ann"])
	return all
}

// forge changes a character of the signature, which a token and a cookie have at their end.
func forge(line string) string {
	i := len(line) - 20
	other := "A"
	if line[i] == 'A' {
		other = "B"
	}
	return line[:i] + other + line[i+1:]
}

// lines are those with the names, which have commas between.
func (all credentials) lines(c *client, names string) []string {
	c.t.Helper()
	var lines []string
	for name := range strings.SplitSeq(names, ", ") {
		line, ok := all[name]
		if !ok && name != "" {
			c.t.Fatalf("there is no %q", name)
		}
		if ok {
			lines = append(lines, line)
		}
	}
	return lines
}
