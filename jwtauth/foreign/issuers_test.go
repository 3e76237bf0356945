package foreign_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestATokenOfAnotherIssuerIsAnIdentity(t *testing.T) {
	p := newIDP(t, foreignRSA(), foreignEC(), foreignEd())
	issuers := p.issuers(t, func(c *foreign.Config) {
		c.Roles = func(c foreign.Claims) []string { return c.Strings("realm_access", "roles") }
	})
	exp := time.Now().Add(time.Hour).Unix()
	claims := fmt.Sprintf(`{"iss":%q,"sub":"u1","aud":["x",%q],"exp":%d,"auth_time":1700000000,"amr":["pwd","otp"],`+
		`"scope":"read write","realm_access":{"roles":["user","admin"]},"email":"ann@example.com"}`, p.issuer, tokentest.Audience, exp)
	for _, k := range []*foreignKey{foreignRSA(), foreignRSA().as("PS256"), foreignEC(), foreignEd()} {
		id, err := issuers.Authenticate(tokentest.Presented(k.sign(k.header(), claims)))
		if err != nil {
			t.Fatalf("%s: %v", k.alg, err)
		}
		// JW-15: who it is, is iss and sub; an e-mail address is neither.
		if id.Issuer != p.issuer || id.Subject != "u1" || id.Method != "bearer" || id.SessionID != "" {
			t.Errorf("%s: identity %+v", k.alg, id)
		}
		if got, want := fmt.Sprint(id.Roles, id.Scopes, id.AMR), "[user admin] [read write] [pwd otp]"; got != want {
			t.Errorf("%s: roles, scopes and AMR %s, want %s", k.alg, got, want)
		}
		if id.AuthTime.Unix() != 1700000000 || id.ExpiresAt.Unix() != exp || id.ExpiresAt.Location() != time.UTC {
			t.Errorf("%s: times %v, %v", k.alg, id.AuthTime, id.ExpiresAt)
		}
		var own struct{ Email string }
		if err := id.DecodeClaims(&own); err != nil || own.Email != "ann@example.com" {
			t.Errorf("%s: claims %+v, %v", k.alg, own, err)
		}
		if id.Session != (middleware.Lifetime{}) {
			t.Errorf("%s: a lifetime %+v, want none", k.alg, id.Session)
		}
	}
	p.wantFetches(t, 1)
}

func TestEachIssuerHasItsOwnKeysAudienceAlgorithmsAndMapping(t *testing.T) {
	a, b := newIDP(t, foreignEC()), newIDP(t, foreignRSA())
	h := guarded(t, newIssuers(t,
		a.config(func(c *foreign.Config) { c.Algorithms = []string{"ES256"} }),
		b.config(func(c *foreign.Config) {
			c.Audience = "us, to b"
			c.Types = []string{"JWT"}
			c.Roles = func(c foreign.Claims) []string { return c.Strings("groups") }
		})))
	toB := func(k *foreignKey, typ string) string {
		return k.sign(fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, k.alg, typ, k.kid),
			tokentest.Replaced(t, b.claims(`,"groups":["admin"]`), tokentest.Audience, "us, to b"))
	}
	wantStatus(t, h, a.token(foreignEC()), 200)
	if id := tokentest.IdentityOf(t, wantStatus(t, h, toB(foreignRSA(), "JWT"), 200)); fmt.Sprint(id.Roles) != "[admin]" || id.Issuer != b.issuer {
		t.Errorf("identity %+v", id)
	}

	// JW-7: a key of one issuer is no key of the other.
	for name, token := range map[string]string{
		"a's key for b":      toB(foreignEC().named("rsa"), "JWT"),
		"b's key for a":      a.token(foreignRSA().named("ec")),
		"a's type for b":     toB(foreignRSA(), "at+jwt"),
		"a's audience for b": b.token(foreignRSA()),
	} {
		if w := send(h, token); w.Code != 401 {
			t.Errorf("%s: status %d, want 401", name, w.Code)
		}
	}
	if a.fetched() != 1 || b.fetched() != 1 {
		t.Errorf("%d and %d fetches, want 1 of each", a.fetched(), b.fetched())
	}
}

// deviant are tokens that are refused before a key is looked up: header and claims
// as they are sent, signed with the issuer's key.
var deviant = []struct {
	name           string
	header, claims func(t *testing.T, good string) string
}{
	// JW-7: the issuer is checked before any fetch.
	{"another issuer", nil, swap(`"iss":"http`, `"iss":"xttp`)},
	{"an issuer with a slash more", nil, swap(`","sub"`, `/","sub"`)},
	{"no issuer", nil, swap(`"iss":`, `"is":`)},
	{"an issuer that is a list", nil, swap(`"iss":"`, `"iss":["x"],"i":"`)},

	// JW-6.
	{"another audience", nil, swap(`"aud":"https://api`, `"aud":"https://app`)},
	{"no audience", nil, swap(`"aud":`, `"au":`)},
	{"an empty audience", nil, swap(`"aud":`, `"aud":[],"au":`)},
	{"an audience that begins with ours", nil, swap(`api.example"`, `api.example.com"`)},
	{"an audience that ours begins with", nil, swap(`api.example"`, `api.exampl"`)},

	// JW-5.
	{"no exp", nil, swap(`"exp":`, `"ex":`)},
	{"exp 0", nil, swap(`"exp":`, `"exp":0,"ex":`)},
	{"exp past", nil, swap(`"exp":`, `"exp":1700000000,"ex":`)},
	{"exp of 1e300", nil, swap(`"exp":`, `"exp":1e300,"ex":`)},
	{"exp as text", nil, swap(`"exp":`, `"exp":"99999999999","ex":`)},
	{"nbf in the future", nil, swap(`"exp":`, `"nbf":99999999999,"exp":`)},
	{"iat in the future", nil, swap(`"iat":`, `"iat":99999999999,"ia":`)},

	{"no subject", nil, swap(`"sub":`, `"su":`)},
	{"an empty subject", nil, swap(`"sub":"u1"`, `"sub":""`)},
	{"a subject with a line break", nil, swap(`"sub":"u1"`, `"sub":"u\n1"`)},
	{"a subject with a NUL", nil, swap(`"sub":"u1"`, `"sub":"u1\u0000"`)},
	{"a subject with a C1 control character", nil, swap(`"sub":"u1"`, `"sub":"u\u00851"`)},
	{"a subject that is half a pair", nil, swap(`"sub":"u1"`, `"sub":"\ud83d"`)},
	{"a subject that is the other half", nil, swap(`"sub":"u1"`, `"sub":"\ude00"`)},
	{"half a pair in a claim of its own", nil, swap(`"iat":`, `"x":["\ud83d"],"iat":`)},

	// JW-8.
	{"no typ", swap(`"typ":"at+jwt",`, ``), nil},
	{"the typ of anything", swap(`at+jwt`, `JWT`), nil},
	{"the typ of a logout token", swap(`at+jwt`, `logout+jwt`), nil},

	// JW-1, JW-2.
	{"alg none", swap(`ES256`, `none`), nil},
	{"alg HS256", swap(`ES256`, `HS256`), nil},
	{"an alg that is not accepted", swap(`ES256`, `ES384`), nil},
	{"alg in small letters", swap(`ES256`, `es256`), nil},
	{"no alg", swap(`"alg":"ES256",`, ``), nil},

	// JW-3.
	{"jku", swap(`"alg"`, `"jku":"ATTACKER","alg"`), nil},
	{"x5u", swap(`"alg"`, `"x5u":"ATTACKER","alg"`), nil},
	{"jwk", swap(`"alg"`, `"jwk":{"kty":"EC"},"alg"`), nil},
	{"x5c", swap(`"alg"`, `"x5c":["MIIB"],"alg"`), nil},

	// JW-11.
	{"crit", swap(`"alg"`, `"crit":["exp"],"alg"`), nil},
	{"b64", swap(`"alg"`, `"b64":false,"alg"`), nil},
	{"kid twice", swap(`"kid"`, `"kid":"a","kid"`), nil},
	{"sub twice", nil, swap(`"sub"`, `"sub":"root","sub"`)},
	{"SUB beside sub", nil, swap(`"sub"`, `"SUB":"root","sub"`)},
	{"nested deep", nil, swap(`"sub"`, `"x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`,"sub"`)},
	{"not UTF-8", nil, swap(`"sub":"u1"`, "\"sub\":\"\xff\"")},
	{"a byte order mark", nil, swap(`{"iss"`, "\ufeff{\"iss\"")},
	{"10 KB of kid", swap(`"kid":"`, `"kid":"`+strings.Repeat("k", 10_000)), nil},
	{"17 KB of claims", nil, swap(`"sub"`, `"x":"`+strings.Repeat("x", 13_000)+`","sub"`)},
}

func swap(old, new string) func(*testing.T, string) string {
	return func(t *testing.T, good string) string { return tokentest.Replaced(t, good, old, new) }
}

func TestATokenInWhichMoreThanTheKeyIsWrongCausesNoFetch(t *testing.T) {
	attacker := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the attacker is asked for %s", r.URL) }))
	defer attacker.Close()
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	for _, row := range deviant {
		t.Run(row.name, func(t *testing.T) {
			header, claims := foreignEC().header(), p.claims("")
			if row.header != nil {
				header = strings.Replace(row.header(t, header), "ATTACKER", attacker.URL, 1)
			}
			if row.claims != nil {
				claims = row.claims(t, claims)
			}
			w := wantStatus(t, h, foreignEC().sign(header, claims), 401)
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			p.wantFetches(t, 0)
		})
	}
	good := p.token(foreignEC())
	for name, token := range map[string]string{
		"two parts":         good[:strings.LastIndex(good, ".")],
		"four parts":        good + ".x",
		"a line break":      good + "\n",
		"padding":           good + "=",
		"an open signature": good[:len(good)-1] + "!",
	} {
		if w := send(h, token); w.Code != 401 {
			t.Errorf("%s: status %d, want 401", name, w.Code)
		}
	}
	p.wantFetches(t, 0)
	wantStatus(t, h, good, 200) // or the table would prove nothing
}

func TestAPublicKeyOfAnIssuerIsNoSecret(t *testing.T) {
	// JW-2, with an allow-list as wide as it can be, and a set that has the attacker's idea
	// of a secret in it.
	p := newIDP(t)
	p.publishRaw(foreignRSA().jwk(), map[string]any{"kty": "oct", "kid": "oct", "alg": "HS256", "k": tokentest.B64(string(tokentest.Secret))})
	h := guarded(t, p.issuers(t, everyAlgorithm))
	n, _ := json.Marshal(foreignRSA().jwk()["n"])
	for _, key := range [][]byte{tokentest.Secret, n, []byte(tokentest.B64(string(n)))} {
		for _, kid := range []string{"rsa", "oct"} {
			wantStatus(t, h, tokentest.SignWith(key, fmt.Sprintf(`{"alg":"HS256","typ":"at+jwt","kid":%q}`, kid), p.claims("")), 401)
		}
	}
	_, err := foreign.New(p.config(func(c *foreign.Config) { c.Algorithms = []string{"HS256", "none"} }))
	tokentest.WantMentions(t, err, `Algorithms has "HS256"`, `Algorithms has "none"`)
}

func everyAlgorithm(c *foreign.Config) {
	c.Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
}

func TestEveryAlgorithmVerifiesWhatGolangJWTSigned(t *testing.T) {
	p := newIDP(t, foreignRSA(), foreignEC(), foreign384(), foreign521(), foreignEd())
	h := guarded(t, p.issuers(t, everyAlgorithm))
	byDefault := guarded(t, p.issuers(t))
	for alg, k := range map[string]*foreignKey{
		"RS256": foreignRSA(), "RS384": foreignRSA(), "RS512": foreignRSA(), "PS256": foreignRSA(), "PS384": foreignRSA(), "PS512": foreignRSA(),
		"ES256": foreignEC(), "ES384": foreign384(), "ES512": foreign521(), "EdDSA": foreignEd(), "Ed25519": foreignEd(),
	} {
		token := p.token(k.as(alg))
		wantStatus(t, h, token, 200)
		want := 401
		if slices.Contains([]string{"RS256", "PS256", "ES256", "EdDSA", "Ed25519"}, alg) {
			want = 200
		}
		// JW-2: what is not in the list is refused, even if the key would verify it.
		if w := send(byDefault, token); w.Code != want {
			t.Errorf("%s by default: status %d, want %d", alg, w.Code, want)
		}
	}
}

func TestAKeyThatSaysItsAlgorithmHasNoOther(t *testing.T) {
	// JW-2.
	p := newIDP(t)
	p.publishRaw(with(foreignRSA().jwk(), "alg", "RS256"), with(foreignEd().jwk(), "alg", "EdDSA"))
	h := guarded(t, p.issuers(t, everyAlgorithm))
	wantStatus(t, h, p.token(foreignRSA()), 200)
	wantStatus(t, h, p.token(foreignEd()), 200)
	for _, k := range []*foreignKey{foreignRSA().as("PS256"), foreignRSA().as("RS384"), foreignEd().as("Ed25519"), foreignEC().named("rsa")} {
		wantStatus(t, h, p.token(k), 401)
	}
	p.wantFetches(t, 1)
}

func TestTheTypesOfTokensAreTheConfiguredOnes(t *testing.T) {
	// JW-8.
	p := newIDP(t, foreignEC())
	for _, row := range []struct {
		types []string
		typ   string
		want  int
	}{
		{nil, `"at+jwt"`, 200},
		{nil, `"AT+JWT"`, 200},
		{nil, `"application/at+jwt"`, 200},
		{nil, `"JWT"`, 401},
		{nil, `""`, 401},
		{[]string{"JWT"}, `"JWT"`, 200},
		{[]string{"JWT"}, `"jwt"`, 200},
		{[]string{"JWT"}, `"at+jwt"`, 401},
		{[]string{"JWT"}, `""`, 401},
		{[]string{"application/at+jwt", "JWT"}, `"at+jwt"`, 200},
		{[]string{""}, `""`, 200},
		{[]string{""}, `"JWT"`, 401},
	} {
		h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.Types = row.types }))
		token := foreignEC().sign(tokentest.Replaced(t, foreignEC().header(), `"at+jwt"`, row.typ), p.claims(""))
		if w := send(h, token); w.Code != row.want {
			t.Errorf("%q, typ %s: status %d, want %d", row.types, row.typ, w.Code, row.want)
		}
	}
	h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.Types = []string{""} }))
	wantStatus(t, h, foreignEC().sign(`{"alg":"ES256","kid":"ec"}`, p.claims("")), 200)
}

func TestTheLeewayOfAnIssuerIsOnTheRightSide(t *testing.T) {
	// JW-5.
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.Leeway = 20 * time.Second }))
		now := time.Now().Unix()
		for _, row := range []struct {
			claims string
			want   int
		}{
			{fmt.Sprintf(`"exp":%d`, now-19), 200},
			{fmt.Sprintf(`"exp":%d`, now-20), 401},
			{fmt.Sprintf(`"exp":%d,"nbf":%d`, now+60, now+20), 200},
			{fmt.Sprintf(`"exp":%d,"nbf":%d`, now+60, now+21), 401},
			{fmt.Sprintf(`"exp":%d,"iat":%d`, now+60, now+20), 200},
			{fmt.Sprintf(`"exp":%d,"iat":%d`, now+60, now+21), 401},
		} {
			token := foreignEC().sign(foreignEC().header(), fmt.Sprintf(`{"iss":%q,"sub":"u1","aud":%q,%s}`, p.issuer, tokentest.Audience, row.claims))
			if w := send(h, token); w.Code != row.want {
				t.Errorf("%s at %d: status %d, want %d", row.claims, now, w.Code, row.want)
			}
		}
	})
}

func TestRolesAndScopesAreWhereTheIssuerPutsThem(t *testing.T) {
	at := func(path ...string) func(foreign.Claims) []string {
		return func(c foreign.Claims) []string { return c.Strings(path...) }
	}
	p := newIDP(t, foreignEC())
	for _, row := range []struct {
		name          string
		claims        string
		roles, scopes func(foreign.Claims) []string
		want          string
	}{
		{"RFC 9068", `"scope":"read write"`, nil, nil, "[] [read write]"},
		{"Keycloak", `"scope":"openid","realm_access":{"roles":["admin"]}`, at("realm_access", "roles"), nil, "[admin] [openid]"},
		{"Auth0", `"https://app.example/roles":["admin"],"permissions":["read:x"]`, at("https://app.example/roles"), at("permissions"), "[admin] [read:x]"},
		{"Entra", `"scp":"User.Read Mail.Send","roles":["admin"]`, at("roles"), nil, "[admin] [User.Read Mail.Send]"},
		{"Okta", `"scp":["read","write"],"groups":"admin"`, at("groups"), nil, "[admin] [read write]"},
		{"scope and scp", `"scope":"a","scp":"b"`, nil, nil, "[] [a]"},
		{"an empty scope", `"scope":"","scp":"b"`, nil, nil, "[] []"},
		{"spaces", `"scope":" a  b "`, nil, nil, "[] [a b]"},
		{"a scope that is a number", `"scope":7`, nil, nil, "[] []"},
		{"roles that are not there", `"realm_access":{}`, at("realm_access", "roles"), nil, "[] []"},
		{"roles in what is no object", `"realm_access":["roles"]`, at("realm_access", "roles"), nil, "[] []"},
		{"roles that are no text", `"roles":["admin",1]`, at("roles"), nil, "[] []"},
		{"roles that are an object", `"roles":{"admin":true}`, at("roles"), nil, "[] []"},
		{"roles in another case", `"Roles":["admin"]`, at("roles"), nil, "[] []"},
		{"no path", `"roles":["admin"]`, at(), nil, "[] []"},
		{"decoded", `"teams":[{"name":"ops"}]`, func(c foreign.Claims) []string {
			var own struct{ Teams []struct{ Name string } }
			if err := c.Decode(&own); err != nil {
				return nil
			}
			return []string{own.Teams[0].Name}
		}, nil, "[ops] []"},
	} {
		t.Run(row.name, func(t *testing.T) {
			issuers := p.issuers(t, func(c *foreign.Config) { c.Roles, c.Scopes = row.roles, row.scopes })
			id, err := issuers.Authenticate(tokentest.Presented(foreignEC().sign(foreignEC().header(), p.claims(","+row.claims))))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(id.Roles, id.Scopes); got != row.want {
				t.Errorf("roles and scopes %s, want %s", got, row.want)
			}
		})
	}
}

func TestAnAccessTokenOfCognitoNamesItsClientInsteadOfAnAudience(t *testing.T) {
	p := newIDP(t, foreignRSA())
	issuers := p.issuers(t, func(c *foreign.Config) {
		c.Audience, c.AudienceClaim, c.Types = "1example23456789", "client_id", []string{""}
		c.Roles = func(c foreign.Claims) []string { return c.Strings("cognito:groups") }
	})
	now := time.Now().Unix()
	for name, row := range map[string]struct {
		claims string
		good   bool
	}{
		"an access token":           {`"client_id":"1example23456789","token_use":"access"`, true},
		"with another aud":          {`"client_id":"1example23456789","aud":"https://x.example"`, true},
		"among several":             {`"client_id":"1example23456789","aud":["a","b"]`, true},
		"of another client":         {`"client_id":"other","aud":"1example23456789"`, false},
		"an ID token":               {`"aud":"1example23456789","token_use":"id"`, false},
		"with the name in capitals": {`"CLIENT_ID":"1example23456789"`, false},
		"with two clients":          {`"client_id":"other","client_id":"1example23456789"`, false},
		"with a client of no name":  {`"client_id":""`, false},
		"with null":                 {`"client_id":null`, false},
	} {
		claims := fmt.Sprintf(`{"iss":%q,"sub":"u1","exp":%d,"iat":%d,"cognito:groups":["admin"],%s}`, p.issuer, now+3600, now, row.claims)
		id, err := issuers.Authenticate(tokentest.Presented(foreignRSA().sign(`{"kid":"rsa","alg":"RS256"}`, claims)))
		if row.good != (err == nil) || row.good && !slices.Equal(id.Roles, []string{"admin"}) {
			t.Errorf("%s: roles %q, error %v; want good %v", name, id.Roles, err, row.good)
		}
	}
}

func TestATokenIsBoundInBytesOnly(t *testing.T) {
	// JW-11. Neither groups nor members are counted.
	p := newIDP(t, foreignEC())
	groups := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("%q", fmt.Sprintf("arn:example:groups/department-%04d/team", i))
		}
		return `,"groups":[` + strings.Join(all, ",") + `]`
	}
	issuers := p.issuers(t, func(c *foreign.Config) { c.Roles = func(c foreign.Claims) []string { return c.Strings("groups") } })
	token := func(more string) string { return foreignEC().sign(foreignEC().header(), p.claims(more)) }
	spare := 16<<10 - len(token(`,"x":""`))
	for name, row := range map[string]struct {
		more  string
		roles int
		good  bool
	}{
		"200 groups":             {groups(200), 200, true},
		"300 members":            {"," + strings.TrimSuffix(tokentest.Members(300), ","), 0, true},
		"300 members of a claim": {`,"clients":{` + strings.TrimSuffix(tokentest.Members(300), ",") + `}`, 0, true},
		"16 KiB":                 {`,"x":"` + strings.Repeat("x", spare/4*3) + `"`, 0, true},
		"more than 16 KiB":       {`,"x":"` + strings.Repeat("x", spare/4*3+4) + `"`, 0, false},
		"a member twice":         {"," + tokentest.Members(300) + `"ma":1`, 0, false},
	} {
		id, err := issuers.Authenticate(tokentest.Presented(token(row.more)))
		if row.good != (err == nil) || len(id.Roles) != row.roles {
			t.Errorf("%s: %d roles, error %v; want %d, good %v", name, len(id.Roles), err, row.roles, row.good)
		}
	}
}

func TestClaimsThatProveNothingAreLeftOut(t *testing.T) {
	p := newIDP(t, foreignEC())
	id, err := p.issuers(t).Authenticate(tokentest.Presented(foreignEC().sign(foreignEC().header(), p.claims(`,"auth_time":0,"amr":7`))))
	if err != nil {
		t.Fatal(err)
	}
	if !id.AuthTime.IsZero() || id.AMR != nil {
		t.Errorf("AuthTime %v, AMR %q, want none", id.AuthTime, id.AMR)
	}
}

func TestTheChallengeNamesTheScopesThatAreMissing(t *testing.T) {
	// ER-1, ER-2: RFC 6750, section 3.
	p := newIDP(t, foreignEC())
	issuers := p.issuers(t)
	token := foreignEC().sign(foreignEC().header(), p.claims(`,"scope":"read"`))
	for _, row := range []struct {
		name, token string
		rule        middleware.Authorizer
		status      int
		want        string
	}{
		{"nothing", "", middleware.HasScope("read"), 401, `Bearer realm="inga"`},
		{"what it takes", token, middleware.HasScope("read"), 200, ""},
		{"too little", token, middleware.HasScope("read", "write"), 403, `Bearer realm="inga", error="insufficient_scope", scope="read write"`},
		{"no role", token, middleware.HasRole("admin"), 403, `Bearer realm="inga", error="insufficient_scope"`},
		{"junk", "x", middleware.HasScope("read"), 401, `Bearer realm="inga", error="invalid_token"`},
		{"two tokens", token + " " + token, middleware.HasScope("read"), 400, `Bearer realm="inga", error="invalid_request"`},
	} {
		r := tokentest.Presented(row.token)
		if row.token == "" {
			r.Header.Del("Authorization")
		}
		w := httptest.NewRecorder()
		guarded(t, issuers, row.rule).ServeHTTP(w, r)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != row.status || got != row.want {
			t.Errorf("%s: status %d, WWW-Authenticate %s, want %d, %s", row.name, w.Code, got, row.status, row.want)
		}
	}
}

func TestTheSaltOfAPSSSignatureIsAsLongAsItsHash(t *testing.T) {
	// JW-2, RFC 7518 section 3.5: the key says how long, not the signature.
	for alg, hash := range map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512} {
		k := foreignRSA().as(alg)
		p := newIDP(t, k)
		h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.Algorithms = []string{alg} }))
		signed := tokentest.B64(k.header()) + "." + tokentest.B64(p.claims(""))
		sum := hash.New()
		sum.Write([]byte(signed))
		most := k.private.(*rsa.PrivateKey).Size() - hash.Size() - 2
		for salt, status := range map[int]int{hash.Size(): 200, 1: 401, hash.Size() - 1: 401, most: 401} {
			sig, err := rsa.SignPSS(rand.Reader, k.private.(*rsa.PrivateKey), hash, sum.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			if w := send(h, signed+"."+tokentest.B64(string(sig))); w.Code != status {
				t.Errorf("%s, a salt of %d bytes: status %d, want %d", alg, salt, w.Code, status)
			}
		}
	}
}

func TestWhatOnlyOurTokensMeanIsNoMatterInAnother(t *testing.T) {
	// The issuer may have claims of these names, of any type.
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, foreignEC().sign(foreignEC().header(), p.claims(`,"auth_at":"2026-03-01","rt_gen":{"a":1},"AUTH_AT":true`)), 200)
}

func TestTokensOfOursAreGoodElsewhereThroughTheJWKS(t *testing.T) {
	// JW-14: the set of one of ours is what another one verifies by.
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "PS256"} {
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithKeys(tokentest.Keys(t)[alg]))
		server := httptest.NewServer(tokentest.App(t, tokens))
		defer server.Close()
		response, err := tokentest.Login(t, tokens, "2")
		if err != nil {
			t.Fatal(err)
		}
		issuers := newIssuers(t, foreign.Config{Issuer: tokentest.Issuer, Audience: tokentest.Audience, JWKSURL: server.URL + "/jwks"})
		id, err := issuers.Authenticate(tokentest.Presented(response.AccessToken))
		if err != nil || id.Subject != "2" || id.Issuer != tokentest.Issuer {
			t.Errorf("%s: %+v, %v", alg, id, err)
		}
		if id.Roles != nil || id.SessionID != "" {
			t.Errorf("%s: roles %q and session %q of another store", alg, id.Roles, id.SessionID)
		}
	}
}

func TestEachTokenIsVerifiedByWhomItNames(t *testing.T) {
	p := newIDP(t, foreignEC())
	tokens := tokentest.New(t, storetest.Memory(t))
	both, err := foreign.ByIssuer(tokens, p.issuers(t))
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(t, both)
	response, err := tokentest.Login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	if id := tokentest.IdentityOf(t, wantStatus(t, h, response.AccessToken, 200)); id.Subject != "2" || id.SessionID == "" || id.Issuer != "" {
		t.Errorf("own: identity %+v", id)
	}
	p.wantFetches(t, 0)
	if id := tokentest.IdentityOf(t, wantStatus(t, h, p.token(foreignEC()), 200)); id.Subject != "u1" || id.SessionID != "" || id.Issuer != p.issuer {
		t.Errorf("another's: identity %+v", id)
	}

	// JW-7. One challenge, not two, and never a bare one for a token that was sent.
	ours := tokentest.GoodClaims(response.Session.ID)
	for name, token := range map[string]string{
		"neither's":            foreignEC().sign(foreignEC().header(), tokentest.Replaced(t, p.claims(""), p.issuer, "https://c.example")),
		"ours, with their key": foreignEC().sign(foreignEC().header(), ours),
		"theirs, with our key": tokentest.Sign(tokentest.GoodHeader, p.claims("")),
		"none":                 "x",
		"no issuer":            foreignEC().sign(foreignEC().header(), `{"sub":"u1"}`),
		"two issuers":          foreignEC().sign(foreignEC().header(), tokentest.Replaced(t, p.claims(""), `{"iss"`, `{"iss":"https://app.example","iss"`)),
	} {
		w := send(h, token)
		if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; w.Code != 401 || got != want {
			t.Errorf("%s: status %d, WWW-Authenticate %s, want 401, %s", name, w.Code, got, want)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga"`; w.Code != 401 || got != want {
		t.Errorf("nothing: status %d, WWW-Authenticate %s, want 401, %s", w.Code, got, want)
	}
	// A token that is not good does not become an anonymous request either.
	guard, err := middleware.New(middleware.Config{Authenticator: both, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, guard.Optional(tokentest.Me), foreignEC().sign(foreignEC().header(), `{"iss":"https://c.example"}`), 401)
}

func TestSessionsOfOursSlideBesideOtherIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		tokens := tokentest.New(t, storetest.Memory(t))
		both, err := foreign.ByIssuer(tokens, p.issuers(t))
		if err != nil {
			t.Fatal(err)
		}
		response, err := tokentest.Login(t, tokens, "2")
		if err != nil {
			t.Fatal(err)
		}
		guard, err := middleware.New(middleware.Config{Authenticator: both})
		if err != nil {
			t.Fatal(err)
		}
		h := middleware.Chain(guard.Handler, sliding.Handler)(tokentest.Me)
		theirs := p.token(foreignEC())
		time.Sleep(4 * time.Minute)
		if w := wantStatus(t, h, response.AccessToken, 200); w.Header().Get("Access-Token") == "" {
			t.Error("no renewed token for ours")
		}
		if w := wantStatus(t, h, theirs, 200); w.Header().Get("Access-Token") != "" {
			t.Error("a renewed token for theirs")
		}
	})
}

func TestByIssuerReportsWhatCannotWork(t *testing.T) {
	p := newIDP(t, foreignEC())
	tokens := tokentest.New(t, storetest.Memory(t))
	for name, try := range map[string]func() (middleware.Authenticator, error){
		"no tokens":    func() (middleware.Authenticator, error) { return foreign.ByIssuer(nil, p.issuers(t)) },
		"no issuers":   func() (middleware.Authenticator, error) { return foreign.ByIssuer(tokens, nil) },
		"the same iss": func() (middleware.Authenticator, error) { return foreign.ByIssuer(tokens, p.issuers(t, ourselves)) },
	} {
		if a, err := try(); err == nil || a != nil {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

func ourselves(c *foreign.Config) { c.Issuer = tokentest.Issuer }

func TestNewReportsEveryMistakeAndNamesFieldAndIssuer(t *testing.T) {
	// IN-1.
	_, err := foreign.New()
	tokentest.WantMentions(t, err, "at least one")

	_, err = foreign.New(foreign.Config{}, foreign.Config{
		Issuer:     "https://a.example",
		Audience:   " x",
		JWKSURL:    "http://a.example/jwks",
		Algorithms: []string{"RS256", "HS256"}, AudienceClaim: " aud",
		Leeway: 2 * time.Minute,
		MaxAge: time.Minute,
	}, foreign.Config{Issuer: "https://a.example", Audience: "x", MaxAge: 8 * 24 * time.Hour})
	tokentest.WantMentions(t, err,
		`Config "": Issuer is ""`, `Config "": Audience is ""`, `Config "": JWKSURL is empty`,
		`Config "https://a.example": Audience is " x"`, `Config "https://a.example": JWKSURL is "http://a.example/jwks": want https`,
		`Config "https://a.example": Algorithms has "HS256"`, `Config "https://a.example": AudienceClaim is " aud"`, `Config "https://a.example": Leeway is 2m0s`,
		`Config "https://a.example": MaxAge is 1m0s`, `Config "https://a.example" is there twice`, `MaxAge is 192h0m0s`)

	for _, row := range []struct {
		issuer, jwks string
		dangerously  bool
		ok           bool
	}{
		{"https://a.example", "", false, true},
		{"https://a.example/tenant/", "", false, true},
		{"https://a.example?x=1", "", false, false},
		{"a.example", "", false, false},
		{"a.example", "https://a.example/jwks", false, true},
		{"a.example", "https://a.example/jwks?p=x", false, true},
		{"a.example", "https://ann:secret@a.example/jwks", false, false},
		{"a.example", "https://a.example/jwks#x", false, false},
		{"a.example", "file:///etc/passwd", false, false},
		{"a.example", "/jwks", false, false},
		{"a.example", "https://", false, false},
		{"a.example", "http://[::1]:8080/jwks", false, true},
		{"a.example", "http://localhost/jwks", false, true},
		{"a.example", "http://localhost.a.example/jwks", false, false},
		{"a.example", "http://10.0.0.1/jwks", false, false},
		{"a.example", "http://10.0.0.1/jwks", true, true},
		{"http://a.example", "", false, false},
		{"http://a.example", "", true, true},
	} {
		_, err := foreign.New(foreign.Config{Issuer: row.issuer, Audience: "x", JWKSURL: row.jwks, DangerouslyAllowHTTP: row.dangerously})
		if (err == nil) != row.ok {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

func TestAnIssuerThatFailsIsReportedToTheLogWithoutTheToken(t *testing.T) {
	p := newIDP(t, foreignEC())
	p.down()
	var log bytes.Buffer
	issuers := p.issuers(t, func(c *foreign.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	token := p.token(foreignEC())
	if _, err := issuers.Authenticate(tokentest.Presented(token)); !errors.Is(err, middleware.ErrUnavailable) {
		t.Fatal(err)
	}
	for _, want := range []string{"level=WARN", "issuer=" + p.issuer, "status 500"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, &log)
		}
	}
	for _, part := range strings.Split(token, ".") {
		if strings.Contains(log.String(), part) {
			t.Errorf("the token is in the log: %s", &log)
		}
	}
}
