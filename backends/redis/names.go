package redis

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/inga-auth/inga/backends"
)

// A name is in another slot than its user, so no script can change both. Its entry says who has it:
// the state, a number that no other entry has, and the ID of a user.
//
// CreateUser reserves the name, creates the user, and then settles the name: only of an entry that
// is still its own. A reservation goes by itself, longer after than the call can last. An entry whose user
// does not exist, or has another name, is one of a call that was stopped, and free.
type reservation struct {
	store *Store
	key   string // empty for a user without a name
	value string
	user  string
}

const (
	reserved = "?"
	settled  = "="
	nonceLen = 26
)

// owner returns the ID of the user of a settled entry.
func owner(entry string) (userID string, ok bool) {
	if len(entry) <= 1+nonceLen || entry[:1] != settled {
		return "", false
	}
	return entry[1+nonceLen:], true
}

// entry returns the entry of the name, whatever it is.
func (s *Store) entry(ctx context.Context, name string) (reservation, error) {
	if name == "" {
		return reservation{store: s}, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	key := s.keys.name(name)
	value, err := optional(s.client.Do(ctx, s.client.B().Get().Key(key).Build()))
	return reservation{store: s, key: key, value: value}, failed("find name", err)
}

// reserve reserves the name for the user. Error: ErrConflict.
func (s *Store) reserve(ctx context.Context, name, userID string) (reservation, error) {
	r, err := s.entry(ctx, name)
	if err != nil || name == "" {
		return r, err
	}
	if free, err := s.free(ctx, name, r.value); err != nil || !free {
		return r, orConflict(err)
	}
	former := r.value
	r.user, r.value = userID, reserved+rand.Text()[:nonceLen]+userID
	ok, err := s.swap(ctx, r.key, former, r.value, strconv.FormatInt(2*s.timeout.Milliseconds()+1000, 10))
	if err != nil || !ok {
		return r, orConflict(err)
	}
	return r, nil
}

func orConflict(err error) error {
	if err == nil {
		return backends.ErrConflict
	}
	return err
}

// free reports whether an entry of the name belongs to nobody.
func (s *Store) free(ctx context.Context, name, entry string) (bool, error) {
	if entry == "" {
		return true, nil
	}
	userID, ok := owner(entry)
	if !ok {
		return false, nil // being created
	}
	u, err := s.FindUser(ctx, userID)
	if isNotFound(err) {
		return true, nil
	}
	return err == nil && u.Name != name, err
}

// settle makes the name the user's, and reports whether it was still reserved.
func (r *reservation) settle(ctx context.Context) (bool, error) {
	if r.key == "" {
		return true, nil
	}
	return r.store.swap(ctx, r.key, r.value, settled+r.value[1:], "")
}

// giveUp is for a user that was there before: it leaves the name to them if it is theirs.
func (r *reservation) giveUp(ctx context.Context, theirs bool) error {
	if r.key == "" {
		return nil
	}
	if theirs {
		_, err := r.settle(ctx)
		return err
	}
	return r.remove(ctx)
}

// release frees the name of a user that was deleted.
func (r *reservation) release(ctx context.Context, userID string) error {
	if id, ok := owner(r.value); !ok || id != userID {
		return nil
	}
	ctx, cancel := r.store.bound(ctx)
	defer cancel()
	return r.remove(ctx)
}

func (r *reservation) remove(ctx context.Context) error {
	_, err := r.store.end(ctx, call{r.store.scripts["release"], []string{r.key}, []string{r.value}})
	return failed("free name", err)
}

// swap replaces the value of a key, and reports whether it was the former one.
func (s *Store) swap(ctx context.Context, key, former, next, ttl string) (bool, error) {
	answer, err := s.run(ctx, call{s.scripts["swap"], []string{key}, []string{former, next, ttl}})
	return number(answer, 0) == 1, failed("change name", err)
}
