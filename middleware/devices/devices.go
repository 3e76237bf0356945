package devices

import (
	"context"

	"github.com/inga-auth/inga/backends"
)

// Sessions returns a page of the live sessions of a user, the most recently seen first, and the
// After of the next page, "" if this is the last; see [backends.SessionLister]. Current is the ID
// of the session that asks, "" if none does. Errors: [middleware.ErrUnavailable],
// [middleware.ErrInvalidArgument] for a page that is not valid.
func (d *Devices) Sessions(ctx context.Context, userID, current string, p backends.Page) (page []Device, next string, err error) {
	list, next, err := d.sessions.List(ctx, userID, p)
	if err != nil {
		return nil, "", err
	}
	page = make([]Device, len(list))
	for i := range list {
		page[i] = newDevice(&list[i], current)
	}
	return page, next, nil
}

// EndSession ends a session of the user. It reports false if the user has no live session with
// that ID, whether or not another user has.
func (d *Devices) EndSession(ctx context.Context, userID, id string) (bool, error) {
	return d.sessions.End(ctx, userID, id, backends.ReasonRevoked)
}

// EndSessions ends the sessions of the user, except the one with the ID except ("" for none),
// and returns how many.
func (d *Devices) EndSessions(ctx context.Context, userID, except string) (int, error) {
	return d.sessions.EndUser(ctx, userID, except, backends.ReasonRevoked)
}

// EndEverySession ends the sessions of all users: for the day on which a key has leaked.
func (d *Devices) EndEverySession(ctx context.Context) error {
	return d.sessions.EndAll(ctx, backends.ReasonRevoked)
}
