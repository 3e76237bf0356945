package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

func isNotFound(err error) bool { return errors.Is(err, backends.ErrNotFound) }

// ListUsers implements [backends.Users]. IDs are ordered by their bytes. It asks each of the 1024
// hash tags for the first few, which makes it an operation for administrators.
func (u users) ListUsers(ctx context.Context, after string, limit int) ([]backends.User, error) {
	if after != "" && !backends.ValidText(after) {
		return nil, fmt.Errorf("%w: after is %.80q, want the ID of a user", backends.ErrInvalidArgument, after)
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	var list []backends.User
	for len(list) < limit {
		ids, more, err := u.nextIDs(ctx, after, limit-len(list))
		if err != nil {
			return nil, failed("list users", err)
		}
		found, err := u.read(ctx, ids)
		if err != nil {
			return nil, failed("list users", err)
		}
		list = append(list, found...)
		if !more {
			break
		}
		after = ids[len(ids)-1]
	}
	return list, nil
}

// ofTag is how many IDs are read of a tag at once.
const ofTag = 16

// nextIDs returns IDs after the given one in their order, at most limit, and whether there may be more.
// What it returns is complete: it ends before the first ID that was not read.
func (u users) nextIDs(ctx context.Context, after string, limit int) (ids []string, more bool, err error) {
	s, from := u.store, "-"
	if after != "" {
		from = "(" + after
	}
	commands := make([]rueidis.Completed, 0, 1024)
	for _, tag := range tags() {
		commands = append(commands, s.client.B().Zrangebylex().Key(s.keys.ids(tag)).Min(from).Max("+").Limit(0, ofTag).Build())
	}
	until := ""
	for _, result := range s.client.DoMulti(ctx, commands...) {
		some, err := result.AsStrSlice()
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, some...)
		if len(some) == ofTag && (until == "" || some[ofTag-1] < until) {
			until = some[ofTag-1]
		}
	}
	slices.Sort(ids)
	if until != "" {
		at, _ := slices.BinarySearch(ids, until)
		ids = ids[:at+1]
	}
	return ids[:min(limit, len(ids))], until != "" || len(ids) > limit, nil
}

// read returns the users with the IDs, as far as they are still there.
func (u users) read(ctx context.Context, ids []string) (found []backends.User, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	commands := make([]rueidis.Completed, 0, len(ids))
	for _, id := range ids {
		commands = append(commands, u.store.readUser(id))
	}
	for i, result := range u.store.client.DoMulti(ctx, commands...) {
		row, err := optional(result)
		if err != nil {
			return nil, err
		}
		if row == "" {
			continue
		}
		user, _, _, err := account(row).user(ids[i])
		if err != nil {
			return nil, err
		}
		found = append(found, user)
	}
	return found, nil
}
