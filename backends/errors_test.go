package backends_test

import (
	"errors"
	"testing"

	"github.com/inga-auth/inga/backends"
)

func TestTheEndOfASessionIsTheCredentialsFault(t *testing.T) {
	// So that package middleware answers 401, and not 503.
	var invalid interface{ InvalidCredentials() bool }
	for _, err := range []error{backends.ErrNotLive, backends.ErrExpired, backends.ErrRevoked, backends.ErrUserDisabled, backends.ErrUserGone} {
		if !errors.Is(err, backends.ErrNotLive) || !errors.As(err, &invalid) || !invalid.InvalidCredentials() {
			t.Errorf("%v does not say that the credentials are invalid", err)
		}
	}
	for _, err := range []error{backends.ErrNotFound, backends.ErrConflict, backends.ErrLimit, backends.ErrInvalidArgument, backends.ErrNoValue} {
		if errors.As(err, &invalid) {
			t.Errorf("%v says that the credentials are invalid", err)
		}
	}
}

func TestAnEndThatIsNotConfirmedIsAnOutage(t *testing.T) {
	// So that it is answered with 503, and not with success or 401.
	unconfirmed := backends.ErrUnconfirmed
	for _, err := range []error{backends.ErrNotFound, backends.ErrNotLive, backends.ErrConflict, backends.ErrInvalidArgument} {
		if errors.Is(unconfirmed, err) {
			t.Errorf("it is %v", err)
		}
	}
	var problem interface{ Problem() string }
	if !errors.As(unconfirmed, &problem) || problem.Problem() != "unavailable" {
		t.Errorf("%v is not the problem unavailable", unconfirmed)
	}
}
