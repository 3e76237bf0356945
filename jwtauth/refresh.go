package jwtauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// The grace in which a refresh token that has been replaced is answered with its successor.
const (
	defaultOverlap = 10 * time.Second
	defaultUnseen  = time.Minute
)

// errTheft is why a session ended that nobody logged out of.
var errTheft = fmt.Errorf("%w: refresh token had been replaced long before", middleware.ErrSessionStolen)

// Refresh exchanges a refresh token for an access token and the next refresh token, in one
// round trip to the backend. It counts as activity of the session and never moves the
// absolute deadline. The user is looked at again: a role that changed is in the answer.
//
// However many clients bring the same token at the same time, and however often one brings
// it again because the answer was lost: within Config.RefreshGrace all get the same
// successor. A token that was replaced before that is theft; the session is ended, and
// whoever has the current token has to log in again.
//
// Errors: [middleware.ErrInvalidCredentials], also for a token that is forged or cut, which
// changes nothing; [middleware.ErrMalformedRequest] for a GET and other safe methods;
// [middleware.ErrUnavailable].
func (t *Tokens) Refresh(r *http.Request, token string) (Response, error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	resp, _, err := t.exchange(t.door, r, token, anyFits)
	return resp, err
}

func (t *Tokens) exchange(door *session.Door, r *http.Request, token string, fits func(Response) error) (Response, backends.User, error) {
	ctx := r.Context()
	rt, err := parseRefresh(token, t.refreshKeys)
	if err != nil {
		return Response{}, backends.User{}, bearer.Invalid(err)
	}
	now := session.Now()
	custom, err := t.rehearse(ctx, now, rt, fits)
	if err != nil {
		return Response{}, backends.User{}, err
	}
	row, user, rotation, err := t.rotator.Rotate(ctx, now, rt.sessionID, rt.secret.Hash(), rt.generation, t.grace)
	if err != nil {
		return Response{}, backends.User{}, session.Refusal(&row, err)
	}
	door.Tell(r, now, eventOf(rotation), &row, "")
	if rotation == backends.Stolen {
		return Response{}, backends.User{}, errTheft
	}
	resp, err := t.respond(now, &row, custom, rt.secret)
	return resp, user, err
}

// refreshable returns the session of a refresh token that would be good, and changes nothing.
func (t *Tokens) refreshable(ctx context.Context, now time.Time, token string) (backends.Session, error) {
	rt, err := parseRefresh(token, t.refreshKeys)
	if err != nil {
		return backends.Session{}, bearer.Invalid(err)
	}
	row, _, err := t.store.FindBySecret(ctx, now, rt.secret.Hash())
	if err != nil {
		return row, session.Refusal(&row, err)
	}
	switch row.Rotation(now, rt.generation, t.grace) {
	case backends.Rotated, backends.Replayed:
		return row, nil
	}
	return row, bearer.Invalid(errors.New("refresh token is not the current one"))
}

// rehearse returns the custom claims of the next access token, if there are any, after it has
// made sure that a token with them can be issued. If it cannot, for longer than the grace, the
// refresh token must not have been replaced meanwhile.
func (t *Tokens) rehearse(ctx context.Context, now time.Time, rt refreshToken, fits func(Response) error) ([]byte, error) {
	if t.custom == nil {
		return nil, nil
	}
	row, user, err := t.store.FindByID(ctx, now, rt.sessionID)
	if err != nil {
		return nil, session.Refusal(&row, err)
	}
	custom, err := t.customClaims(ctx, &user)
	if err != nil {
		return nil, err
	}
	row.Refresh.Generation = rt.generation + 1
	resp, err := t.respond(now, &row, custom, rt.secret)
	if err == nil {
		err = fits(resp)
	}
	if err != nil && !errors.Is(err, middleware.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", middleware.ErrUnavailable, err)
	}
	return custom, err
}

func eventOf(rotation backends.Rotation) middleware.EventType {
	switch rotation {
	case backends.Rotated:
		return middleware.EventRefreshed
	case backends.Replayed:
		return middleware.EventReplayed
	}
	return middleware.EventTheft
}

// respond issues an access token for the session, and its current refresh token if there
// are any.
func (t *Tokens) respond(now time.Time, row *backends.Session, custom []byte, secret backends.Secret) (Response, error) {
	a, err := t.issue(now, subject{row.UserID, row.ID, row.AuthenticatedAt, row.AbsoluteDeadline, row.Refresh.Generation, custom})
	if err != nil {
		return Response{}, err
	}
	resp := Response{AccessToken: a.token, TokenType: "Bearer", ExpiresIn: a.expiresIn(now), Session: *row}
	if row.Refresh.Generation > 0 {
		resp.RefreshToken = refreshToken{row.ID, row.Refresh.Generation, secret}.encode(t.refreshKeys[0])
	}
	return resp, nil
}

// markSeen tells the store that the answer to the last refresh has arrived, since its access
// token is in use. It is told once for each refresh. If that fails nothing is lost: the next
// request tells it again, and until then a retry is answered for a little longer.
func (t *Tokens) markSeen(ctx context.Context, now time.Time, row *backends.Session, generation int64) {
	if t.rotator != nil && unseen(row, generation) {
		_ = t.rotator.MarkSeen(ctx, now, row.ID, generation)
	}
}

// unseen reports whether an access token is the first that shows that the refresh it came
// with has arrived. A generation that the row does not know is of a refresh at another
// process, since the row was read.
func unseen(row *backends.Session, generation int64) bool {
	const first = 1 // has no parent that could be replayed
	current := row.Refresh.Generation
	return generation > first && (generation > current || generation == current && row.Refresh.SeenAt.IsZero())
}

func (c Config) refreshMistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("jwtauth: Config."+format, args...)) }
	for i, key := range c.RefreshKeys {
		if err := entropy.Check(key); err != nil {
			bad("RefreshKeys[%d]: %w", i, err)
		}
		for j, k := range c.Keys {
			if k.k != nil && k.k.isOf(key) {
				bad("RefreshKeys[%d] is the secret of Keys[%d], want one that is for nothing else", i, j)
			}
		}
	}
	if _, ok := c.Store.(backends.Rotator); !ok && len(c.RefreshKeys) > 0 && c.Store != nil {
		bad("Store is a %T, which is no backends.Rotator, and RefreshKeys asks for one", c.Store)
	}
	if g := c.RefreshGrace; g.Overlap < 0 || g.Unseen < g.Overlap || g.Unseen > maxGrace {
		bad("RefreshGrace is %+v, want 0 <= Overlap <= Unseen <= %v", g, maxGrace)
	}
	return errs
}

const maxGrace = 10 * time.Minute
