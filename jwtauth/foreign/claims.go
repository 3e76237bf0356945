package foreign

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/claims"
	"github.com/inga-auth/inga/internal/jose"
)

// Claims are the claims of a verified token, from which [Config] derives roles and scopes.
type Claims struct{ raw json.RawMessage }

// Strings returns the strings at the path, which has a name for each object on the way: the
// elements of a list, or a single one. It returns nil if there are none, or another type.
//
//	c.Strings("groups")                        {"groups": ["a", "b"]}
//	c.Strings("realm_access", "roles")         {"realm_access": {"roles": ["a", "b"]}}
//	c.Strings("https://app.example/roles")     {"https://app.example/roles": "a"}
//
// Names are compared exactly, and a dot in one has no meaning.
func (c Claims) Strings(path ...string) []string {
	value := []byte(c.raw)
	for _, want := range path {
		var found []byte
		err := jose.Scan(value, func(name, value []byte) error {
			if string(name) == want {
				found = value
			}
			return nil
		})
		if err != nil || found == nil {
			return nil
		}
		value = found
	}
	list, err := jose.Texts(value)
	if err != nil {
		return nil
	}
	return list
}

// Decode decodes the claims into v, as [json.Unmarshal] does.
func (c Claims) Decode(v any) error { return json.Unmarshal(c.raw, v) }

// scopesOf returns the words of the claim scope, or of scp, which is a string at Entra and a
// list at Okta.
func scopesOf(c Claims) []string {
	for _, name := range []string{"scope", "scp"} {
		if list := c.Strings(name); list != nil {
			// RFC 6749, section 3.3: a space, and nothing else, is between two scopes.
			return strings.FieldsFunc(strings.Join(list, " "), func(r rune) bool { return r == ' ' })
		}
	}
	return nil
}

// A foreignToken is one of another issuer, with its claims. RFC 9068 requires more of them than
// most issuers send; only those that are needed are required here.
type foreignToken struct {
	claims.Claims
	amr    []string
	parts  jose.Parts
	issuer *issuer // that the claims name
}

func (c *foreignToken) set(name, value []byte) error {
	switch string(name) {
	case "auth_time":
		t, err := jose.Instant(value)
		if err == nil && t.Unix() > 0 { // Keycloak sends 0 for unknown
			c.AuthTime = t
		}
		return err
	case "amr":
		if list, err := jose.Texts(value); err == nil { // anything else proves nothing
			c.amr = list
		}
		return nil
	}
	return c.Claims.Set(name, value)
}

// Validate checks what [jwt.Validator] does not. The validator calls it.
func (c *foreignToken) Validate() error {
	if !backends.ValidText(c.Subject) {
		return errors.New("sub is missing, too long, or has control characters")
	}
	return nil
}
