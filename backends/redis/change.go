package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A change is one of a user, and the end of their sessions if there is a reason for it.
type change struct {
	why     backends.Reason // "" ends none
	except  string          // the ID of the session that stays
	version int64           // what the user must have, 0 for any
	renews  bool            // gives the user another version
	op      string          // what else; see scripts/change.lua
	value   string
}

// change makes the change, and returns how many live sessions it ended.
func (s *Store) change(ctx context.Context, now time.Time, userID string, c change) (int, error) {
	if !backends.ValidText(userID) {
		return 0, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	place, next := backends.Place(userID), int64(0)
	if c.renews {
		next = newVersion()
	}
	if !backends.ValidID(c.except) || tag(c.except) != tag(place) {
		c.except = "" // no session of the user has it
	}
	answer, err := s.end(ctx, s.call("change", place, userID, place[tagLen:], at(now), string(c.why), c.except, newEpoch(), version(c.version), version(next), c.op, c.value))
	switch done := word(answer, 0); {
	case done == "ok":
		s.subscribers.Call(userID)
	case err != nil: // also if the change is found done: that has to be confirmed
		return 0, failed("change user", err)
	case done == "unknown":
		return 0, backends.ErrNotFound
	case done == "conflict":
		return 0, backends.ErrConflict
	}
	ended, from := number(answer, 1), number(answer, 2)
	for err == nil && from >= 0 {
		if answer, err = s.run(ctx, s.call("finish", place, userID, place[tagLen:], at(now), strconv.Itoa(from))); err == nil {
			ended, from = ended+number(answer, 0), number(answer, 1)
		}
	}
	return ended, failed("change user", err)
}
