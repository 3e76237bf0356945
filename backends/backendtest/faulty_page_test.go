package backendtest_test

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

type pagesByOffset struct{ *memory.Store }

func (f pagesByOffset) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	all, _, err := f.Store.List(ctx, now, userID, backends.Page{Limit: 1000})
	from, _ := strconv.Atoi(p.After)
	to := min(from+p.Limit, len(all))
	if to == len(all) {
		return all[from:], "", err
	}
	return all[from:to], strconv.Itoa(to), err
}

type pagesByTime struct{ *memory.Store }

func (f pagesByTime) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	page, next, err := f.Store.List(ctx, now, userID, p)
	if p.After != "" {
		seen, _, _, _ := p.Start()
		page = slices.DeleteFunc(page, func(s backends.Session) bool { return !s.LastSeenAt.Before(seen) })
	}
	return page, next, err
}

type endlessPage struct{ *memory.Store }

func (f endlessPage) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	return f.Store.List(ctx, now, userID, backends.Page{After: p.After, Limit: 1000})
}

type revokesNoOther struct{ *memory.Store }

func (f revokesNoOther) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	_, err := f.RevokeUser(ctx, now, "ann", "", why)
	return err
}
