package devices

import (
	"context"

	"github.com/inga-auth/inga/backends"
)

// Sessions returns the live sessions of a user, the most recently seen first. Current is the
// ID of the session that asks, "" if none does. Error: [middleware.ErrUnavailable].
func (d *Devices) Sessions(ctx context.Context, userID, current string) ([]Device, error) {
	list, err := d.sessions.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	all := make([]Device, len(list))
	for i := range list {
		all[i] = newDevice(&list[i], current)
	}
	return all, nil
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

// EndEverySession ends the sessions of all users, and returns how many: for the day on which a
// key has leaked.
func (d *Devices) EndEverySession(ctx context.Context) (int, error) {
	return d.sessions.EndAll(ctx, backends.ReasonRevoked)
}
