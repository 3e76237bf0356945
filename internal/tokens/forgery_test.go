package tokens_test

import (
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/tokentest"
)

// A forgery changes one thing in a token that is good otherwise, and signs it properly.
type forgery struct {
	name     string
	in       string // "header" or "claims"
	old, new string
}

const (
	inHeader = "header"
	inClaims = "claims"
)

var deep = strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)

// refused are the forgeries that are refused though the signature is good.
var refused = []forgery{
	// JW-1, JW-2: the algorithm is the key's.
	{"alg none", inHeader, `"HS256"`, `"none"`},
	{"alg None", inHeader, `"HS256"`, `"None"`},
	{"alg NONE", inHeader, `"HS256"`, `"NONE"`},
	{"alg nOnE", inHeader, `"HS256"`, `"nOnE"`},
	{"alg empty", inHeader, `"HS256"`, `""`},
	{"alg in small letters", inHeader, `"HS256"`, `"hs256"`},
	{"alg of another key", inHeader, `"HS256"`, `"RS256"`},
	{"alg a number", inHeader, `"HS256"`, `256`},
	{"alg an array", inHeader, `"HS256"`, `["HS256"]`},
	{"alg null", inHeader, `"HS256"`, `null`},
	{"no alg", inHeader, `"alg":"HS256",`, ``},
	{"alg twice", inHeader, `{`, `{"alg":"HS256",`},
	{"ALG beside alg", inHeader, `{`, `{"ALG":"none",`},
	{"alg with an escape, twice", inHeader, `{`, `{"a\u006cg":"HS256",`},

	// JW-3: a key that the token brings along. That nothing is fetched has its own test.
	{"jwk", inHeader, `{`, `{"jwk":{"kty":"oct","k":"AAAA"},`},
	{"jku", inHeader, `{`, `{"jku":"https://evil.example/jwks.json",`},
	{"x5u", inHeader, `{`, `{"x5u":"https://evil.example/cert.pem",`},
	{"x5c", inHeader, `{`, `{"x5c":["MIIB"],`},
	{"JKU", inHeader, `{`, `{"JKU":"https://evil.example/jwks.json",`},
	{"jwk with a Kelvin sign", inHeader, `{`, `{"jw\u212a":{"kty":"oct"},`},

	// JW-4.
	{"kid a path", inHeader, `"k1"`, `"../../dev/null"`},
	{"kid SQL", inHeader, `"k1"`, `"k1' OR '1'='1"`},
	{"kid unknown", inHeader, `"k1"`, `"k2"`},
	{"kid in capitals", inHeader, `"k1"`, `"K1"`},
	{"kid empty", inHeader, `"k1"`, `""`},
	{"kid null", inHeader, `"k1"`, `null`},
	{"kid an object", inHeader, `"k1"`, `{"k1":"k1"}`},
	{"kid of 700 bytes", inHeader, `"k1"`, `"` + strings.Repeat("k", 700) + `"`},
	{"kid of 5 KB", inHeader, `"k1"`, `"` + strings.Repeat("k", 5_000) + `"`},
	{"kid of 10 KB", inHeader, `"k1"`, `"` + strings.Repeat("k", 10_000) + `"`},
	{"no kid", inHeader, `,"kid":"k1"`, ``},
	{"kid twice", inHeader, `{`, `{"kid":"k1",`},
	{"KID with a Kelvin sign", inHeader, `{`, `{"` + "\u212a" + `id":"k1",`},

	// JW-8: other kinds of token.
	{"typ JWT", inHeader, `"at+jwt"`, `"JWT"`},
	{"typ of an ID token", inHeader, `"at+jwt"`, `"id_token"`},
	{"typ of a DPoP proof", inHeader, `"at+jwt"`, `"dpop+jwt"`},
	{"typ of a refresh token", inHeader, `"at+jwt"`, `"rt+jwt"`},
	{"typ empty", inHeader, `"at+jwt"`, `""`},
	{"typ null", inHeader, `"at+jwt"`, `null`},
	{"typ with space", inHeader, `"at+jwt"`, `"at+jwt "`},
	{"no typ", inHeader, `"typ":"at+jwt",`, ``},
	{"TYP beside typ", inHeader, `{`, `{"TYP":"at+jwt",`},

	// JW-11: what may be critical is.
	{"crit unknown", inHeader, `{`, `{"crit":["x"],"x":1,`},
	{"crit empty", inHeader, `{`, `{"crit":[],`},
	{"crit known to others", inHeader, `{`, `{"crit":["b64"],"b64":false,`},
	{"b64 false", inHeader, `{`, `{"b64":false,`},
	{"b64 true", inHeader, `{`, `{"b64":true,`},
	{"CRIT", inHeader, `{`, `{"CRIT":["x"],`},

	// JW-11: what is not JSON.
	{"header with a BOM", inHeader, `{`, "\ufeff{"},
	{"header that is not UTF-8", inHeader, `{`, "{\"x\":\"\xff\","},
	{"header nested deep", inHeader, `{`, `{"x":` + deep[:200] + deep[19_800:] + `,`},
	{"header with text after it", inHeader, `}`, `}{}`},
	{"header with a comma too many", inHeader, `}`, `,}`},
	{"header an array", inHeader, tokentest.GoodHeader, `[]`},
	{"header null", inHeader, tokentest.GoodHeader, `null`},
	{"header empty", inHeader, tokentest.GoodHeader, ``},
	{"header of spaces", inHeader, tokentest.GoodHeader, `  `},
	{"header cut off", inHeader, `}`, ``},
	{"header with a control character", inHeader, `k1`, "k1\x01"},
	{"claims with a BOM", inClaims, `{`, "\ufeff{"},
	{"claims that are not UTF-8", inClaims, `{`, "{\"x\":\"\xc3\x28\","},
	{"claims nested 33 deep", inClaims, `{`, `{"x":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `,`},
	{"claims nested as deep as fits", inClaims, `{`, `{"x":` + strings.Repeat("[", 2_800) + strings.Repeat("]", 2_800) + `,`},
	{"claims nested 10^4 deep", inClaims, `{`, `{"x":` + deep + `,`},
	{"claims of objects, nested deep", inClaims, `{`, `{"x":` + strings.Repeat(`{"x":`, 500) + `1` + strings.Repeat(`}`, 500) + `,`},
	{"claims of 1 MB", inClaims, `{`, `{"x":"` + strings.Repeat("x", 1<<20) + `",`},
	{"claims with text after them", inClaims, `"J"`, `"J"} {"x":"y"`},
	{"claims with a number that is none", inClaims, `{`, `{"x":01,`},
	{"claims with a literal that is none", inClaims, `{`, `{"x":nul,`},
	{"claims with NaN", inClaims, `{`, `{"x":NaN,`},
	{"claims with a string cut off", inClaims, `{`, `{"x":"\u12",`},
	{"claims with an escape that is none", inClaims, `{`, `{"x":"\x41",`},
	{"claims with an escape cut off", inClaims, `}`, `,"\`},
	{"claims that end before a value", inClaims, `}`, `,"x":`},
	{"claims that end in a string", inClaims, `}`, `,"x":"`},
	{"claims that end in an escape", inClaims, `}`, `,"x":"\u00`},
	{"claims with a line break in a string", inClaims, `{`, "{\"x\":\"\n\","},
	{"claims with a number that ends in a point", inClaims, `{`, `{"x":1.,`},
	{"claims with a number that ends in an e", inClaims, `{`, `{"x":1e+,`},
	{"claims with a sign and no number", inClaims, `{`, `{"x":-,`},
	{"claims with a plus", inClaims, `{`, `{"x":+1,`},
	{"claims with a comma too many in an array", inClaims, `{`, `{"x":[1,],`},
	{"claims that are null", inClaims, `{`, `null{`},
	{"claims with a comment", inClaims, `{`, `{/**/`},
	{"claims with single quotes", inClaims, `{`, `{'x':1,`},
	{"claims without a colon", inClaims, `{`, `{"x" 1,`},
	{"claims with a name that is none", inClaims, `{`, `{x:1,`},
	{"claims with a bracket for a brace", inClaims, `{`, `{"x":[1},`},

	// JW-11: a name twice, or in another spelling.
	{"sub twice", inClaims, `{`, `{"sub":"2",`},
	{"sub twice, later", inClaims, `"J"`, `"J","sub":"2"`},
	{"sub twice, escaped", inClaims, `{`, `{"\u0073ub":"2",`},
	{"SUB", inClaims, `{`, `{"SUB":"2",`},
	{"Sub", inClaims, `"J"`, `"J","Sub":"2"`},
	{"sub with a long s", inClaims, `{`, `{"ſub":"2",`},
	{"sub with a long s, escaped", inClaims, `{`, `{"\u017Fub":"2",`},
	{"sid with a long s", inClaims, `{`, `{"ſid":"AAAAAAAAAAAAAAAAAAAAAAAAAA",`},
	{"EXP", inClaims, `{`, `{"EXP":99999999999,`},
	{"Aud", inClaims, `{`, `{"Aud":"https://api.example",`},
	{"AUTH_TIME", inClaims, `{`, `{"AUTH_TIME":1,`},
	{"a claim of the application twice", inClaims, `{`, `{"x":1,"x":2,`},
	{"a name twice, inside", inClaims, `{`, `{"x":[{"y":{"z":1,"z":2}}],`},

	// JW-5: times.
	{"no exp", inClaims, `"exp":`, `"x":`},
	{"exp null", inClaims, `"exp":`, `"exp":null,"x":`},
	{"exp 0", inClaims, `"exp":`, `"exp":0,"x":`},
	{"exp past", inClaims, `"exp":`, `"exp":946684800,"x":`},
	{"exp a string", inClaims, `"exp":`, `"exp":"99999999999","x":`},
	{"exp negative", inClaims, `"exp":`, `"exp":-1,"x":`},
	{"exp minus zero", inClaims, `"exp":`, `"exp":-0,"x":`},
	{"exp 1e300", inClaims, `"exp":`, `"exp":1e300,"x":`},
	{"exp 1e400", inClaims, `"exp":`, `"exp":1e400,"x":`},
	{"exp of the largest int64", inClaims, `"exp":`, `"exp":9223372036854775807,"x":`},
	{"exp after the year 9999", inClaims, `"exp":`, `"exp":253402300800,"x":`},
	{"exp an array", inClaims, `"exp":`, `"exp":[99999999999],"x":`},
	{"exp true", inClaims, `"exp":`, `"exp":true,"x":`},
	{"nbf to come", inClaims, `{`, `{"nbf":99999999999,`},
	{"nbf null", inClaims, `{`, `{"nbf":null,`},
	{"nbf a string", inClaims, `{`, `{"nbf":"0",`},
	{"nbf negative", inClaims, `{`, `{"nbf":-1,`},
	{"no iat", inClaims, `"iat":`, `"x":`},
	{"iat to come", inClaims, `"iat":`, `"iat":99999999999,"x":`},
	{"iat 1e300", inClaims, `"iat":`, `"iat":1e300,"x":`},
	{"auth_time a string", inClaims, `{`, `{"auth_time":"now",`},

	// JW-6.
	{"no aud", inClaims, `"aud":`, `"x":`},
	{"aud foreign", inClaims, `"https://api.example"`, `"https://other.example"`},
	{"aud a beginning of ours", inClaims, `"https://api.example"`, `"https://api.exampl"`},
	{"aud that ours begins", inClaims, `"https://api.example"`, `"https://api.example.evil.example"`},
	{"aud in capitals", inClaims, `"https://api.example"`, `"https://API.example"`},
	{"aud with a slash", inClaims, `"https://api.example"`, `"https://api.example/"`},
	{"aud with space", inClaims, `"https://api.example"`, `" https://api.example"`},
	{"aud two in one string", inClaims, `"https://api.example"`, `"https://api.example https://other.example"`},
	{"aud empty", inClaims, `"https://api.example"`, `""`},
	{"aud null", inClaims, `"https://api.example"`, `null`},
	{"aud an empty array", inClaims, `"https://api.example"`, `[]`},
	{"aud an array without us", inClaims, `"https://api.example"`, `["a","b"]`},
	{"aud an array with null", inClaims, `"https://api.example"`, `["https://api.example",null]`},
	{"aud an array with a number", inClaims, `"https://api.example"`, `["https://api.example",1]`},
	{"aud an array of arrays", inClaims, `"https://api.example"`, `[["https://api.example"]]`},
	{"aud an object", inClaims, `"https://api.example"`, `{"https://api.example":true}`},

	// JW-7.
	{"no iss", inClaims, `"iss":`, `"x":`},
	{"iss foreign", inClaims, `"https://app.example"`, `"https://evil.example"`},
	{"iss with a slash", inClaims, `"https://app.example"`, `"https://app.example/"`},
	{"iss empty", inClaims, `"https://app.example"`, `""`},
	{"iss an array", inClaims, `"https://app.example"`, `["https://app.example"]`},
	{"no sub", inClaims, `"sub":`, `"x":`},
	{"sub empty", inClaims, `"sub":"1"`, `"sub":""`},
	{"sub a number", inClaims, `"sub":"1"`, `"sub":1`},
	{"sub null", inClaims, `"sub":"1"`, `"sub":null`},
	{"sub of another user", inClaims, `"sub":"1"`, `"sub":"2"`},
	{"sub of no user", inClaims, `"sub":"1"`, `"sub":"7"`},
	{"sub with a NUL", inClaims, `"sub":"1"`, `"sub":"1\u0000"`},
	{"sub with a line break", inClaims, `"sub":"1"`, `"sub":"1\n"`},
	{"sub half a surrogate pair", inClaims, `"sub":"1"`, `"sub":"1\ud83d"`},
	{"sub the other half", inClaims, `"sub":"1"`, `"sub":"\ude001"`},
	{"sub two first halves", inClaims, `"sub":"1"`, `"sub":"\ud83d\ud83d"`},
	{"iss with half a pair and a letter", inClaims, `"iss":"`, `"iss":"\ud83dx`},
	{"jti half a pair", inClaims, `"J"`, `"\uD83D"`},
	{"half a pair in a value nested", inClaims, `{`, `{"x":[{"y":"\ud83d"}],`},
	{"half a pair in a name", inClaims, `{`, `{"\ud83d":1,`},
	{"half a pair, and an escape", inClaims, `{`, `{"x":"\ud83d\n",`},
	{"half a pair in the header", inHeader, `{`, `{"x":"\ud83d",`},
	{"rt_gen a text", inClaims, `{`, `{"rt_gen":"1",`},
	{"auth_at a fraction", inClaims, `{`, `{"auth_at":1.5,`},
	{"Auth_At", inClaims, `{`, `{"Auth_At":1,`},
	{"RT_GEN", inClaims, `{`, `{"RT_GEN":1,`},
	{"act a text", inClaims, `{`, `{"act":"2",`},
	{"act with a sub that is none", inClaims, `{`, `{"act":{"sub":2},`},
	{"act where nobody acts", inClaims, `{`, `{"act":{"sub":"2"},`},
	{"ACT", inClaims, `{`, `{"ACT":{"sub":"2"},`},
	{"sub with a C1 control character", inClaims, `"sub":"1"`, `"sub":"1\u0085"`},
	{"sub that is half a character", inClaims, `"sub":"1"`, `"sub":"\ud800"`},
	{"client_id a number", inClaims, `{`, `{"client_id":1,`},

	// A token that names no session of ours says nothing about a user.
	{"no sid", inClaims, `"sid":`, `"x":`},
	{"sid null", inClaims, `"sid":`, `"sid":null,"x":`},
	{"sid of no session", inClaims, `"sid":`, `"sid":"AAAAAAAAAAAAAAAAAAAAAAAAAA","x":`},
	{"sid in another form", inClaims, `"sid":`, `"sid":"' OR 1=1 --","x":`},
	{"no jti", inClaims, `"jti":`, `"x":`},
	{"jti empty", inClaims, `"J"`, `""`},
	{"jti a number", inClaims, `"J"`, `1`},
}

// accepted differ from our own tokens in what makes no difference.
var accepted = []forgery{
	{"nothing changed", inHeader, `{`, `{`},
	{"header in another order, with space", inHeader, tokentest.GoodHeader, ` { "kid" : "k1", "typ":"at+jwt" ,"alg":"HS256"}` + "\n"},
	{"header with an unknown parameter", inHeader, `{`, `{"x":{"y":[1,2.5e-3,-0,true,false,null,"\"\\\/\b\f\n\r\t\u00e9"]},`},
	{"header with a thumbprint of a certificate", inHeader, `{`, `{"x5t":"abc",`},
	{"typ with application/", inHeader, `"at+jwt"`, `"application/at+jwt"`}, // JW-8
	{"typ in capitals", inHeader, `"at+jwt"`, `"AT+JWT"`},
	{"typ of both kinds", inHeader, `"at+jwt"`, `"Application/At+Jwt"`},
	{"names with escapes", inHeader, `"kid":"k1"`, `"k\u0069d":"\u006b1"`},
	{"aud an array with us", inClaims, `"https://api.example"`, `["https://other.example","https://api.example"]`}, // JW-6
	{"aud an array of us", inClaims, `"https://api.example"`, `["https://api.example"]`},
	{"exp with a fraction", inClaims, `"exp":`, `"exp":99999999999.5,"x":`}, // RFC 7519, section 2
	{"exp in scientific notation", inClaims, `"exp":`, `"exp":9.9999999999e10,"x":`},
	{"exp at the end of the year 9999", inClaims, `"exp":`, `"exp":253402300799,"x":`},
	{"nbf past", inClaims, `{`, `{"nbf":0,`},
	{"a claim of the application", inClaims, `{`, `{"x":{"sub":"2","a":[{"a":1},{"a":2}]},`},
	{"claims nested 31 deep in the object", inClaims, `{`, `{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `,`},
	{"claims of 300 members", inClaims, `{`, `{` + tokentest.Members(300)},
	{"a whole surrogate pair", inClaims, `{`, `{"x":"\ud83d\uDE00","\ud83d\ude00":1,`},
	{"claims with space", inClaims, `{`, "\r\n\t {\t"},
}

func (f forgery) token(t testing.TB, sid string) string {
	h, c := tokentest.GoodHeader, tokentest.GoodClaims(sid)
	if f.in == inHeader {
		h = tokentest.Replaced(t, h, f.old, f.new)
		return tokentest.Sign(h, c)
	}
	return tokentest.Sign(h, tokentest.Replaced(t, c, f.old, f.new))
}
