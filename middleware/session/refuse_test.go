package session_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

func TestAnErrorOfAStoreOrAPasswordHasTheStatusOfWhoseFaultItIs(t *testing.T) {
	for err, want := range map[error]int{
		backends.ErrNotFound:        404,
		backends.ErrConflict:        409,
		backends.ErrLimit:           403,
		backends.ErrNotLive:         401,
		backends.ErrInvalidArgument: 500,
		backends.ErrUnavailable:     503,
		password.ErrWrong:           401,
		password.ErrLength:          422,
		password.ErrCommon:          422,
		errors.New("anything else"): 500,
	} {
		w := httptest.NewRecorder()
		middleware.Refuse(w, httptest.NewRequest("POST", "/", nil), fmt.Errorf("do it: %w", err))
		if w.Code != want {
			t.Errorf("%v: status %d, want %d", err, w.Code, want)
		}
	}
}
