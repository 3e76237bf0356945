package tokens

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/middleware"
)

// A Custom function returns more claims for a token of the user: a value that encoding/json
// makes an object of, or nil.
type Custom func(ctx context.Context, u backends.User) (any, error)

// claimsFor returns the custom claims of the user, as a JSON object, or nil. find returns the
// user and is called only if there may be custom claims.
//
// Whatever the function says, it cannot turn into a statement about credentials: its error is
// not wrapped.
func (e *Engine) claimsFor(ctx context.Context, find func() (backends.User, error)) ([]byte, error) {
	if e.custom == nil {
		return nil, nil
	}
	user, err := find()
	if err != nil {
		return nil, err
	}
	v, err := e.custom(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("%w: jwtauth: Config.Claims: %v", middleware.ErrUnavailable, err)
	}
	object, err := marshalCustom(v)
	if err != nil {
		return nil, fmt.Errorf("%w: jwtauth: Config.Claims: %v", middleware.ErrInvalidArgument, err)
	}
	return object, nil
}

// marshalCustom returns v as a JSON object that may stand in a token, or nil if it is nothing.
func marshalCustom(v any) ([]byte, error) {
	object, err := json.Marshal(v)
	if err != nil || string(object) == "null" {
		return nil, err
	}
	taken := slices.Concat(jose.ClaimNames, ownNames)
	err = jose.Scan(object, func(name, _ []byte) error {
		for _, n := range taken {
			if bytes.EqualFold(name, []byte(n)) {
				return fmt.Errorf("claim %q is set by this package", name)
			}
		}
		return nil
	})
	if errors.Is(err, jose.ErrSyntax) {
		err = fmt.Errorf("%T is not a JSON object", v)
	}
	return object, err
}
