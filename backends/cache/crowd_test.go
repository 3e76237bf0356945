package cache_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/recall"
)

// A crowd is a backend with any number of sessions that takes no memory: the ID of a session is
// its number. Each has a user of its own. Its answers consist of fresh strings, like those that
// are read from a connection.
type crowd struct {
	backends.Store
	reads atomic.Int64
}

// idOf returns the ID of session i: 26 digits.
func idOf(i int) (id recall.ID) {
	strconv.AppendInt(id[:0], int64(i)+1e17, 10)
	copy(id[18:], "22222222")
	return id
}

func stringOf(i int) string {
	id := idOf(i)
	return string(id[:])
}

func hashOf(i int) (h backends.SecretHash) {
	binary.LittleEndian.PutUint64(h[:], uint64(i)+1)
	return h
}

// digestOf returns the digest of a credential of session i.
func digestOf(i int, kind byte) (d recall.Digest) {
	binary.LittleEndian.PutUint64(d[:], uint64(i)+1)
	d[31] = kind
	return d
}

func (c *crowd) Find(_ context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	c.reads.Add(1)
	i := binary.LittleEndian.Uint64(h[:])
	user := fmt.Sprintf("user-%09d", i)
	s := backends.Session{
		ID: strings.Clone(id), UserID: user, Kind: backends.KindCookie, AMR: []string{strings.Clone("pwd")},
		Client: backends.Client{
			IP:        netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}),
			UserAgent: fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d Safari/605.1.15", i%32),
		},
		CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
	}
	return s, backends.User{ID: user, Roles: []string{strings.Clone("user")}, Version: 1}, nil
}

// Watch implements [backends.Feed]: nothing ever changes.
func (*crowd) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	l.Listening()
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		l.UpToDate(time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// note stands for what package jwtauth remembers of a token.
type note struct{ claims [300]byte }

// fill has the cache read n sessions and remember a cookie for each, and a token for every
// other one if tokens is set.
func fill(t testing.TB, s *cache.Store, n int, tokens bool) {
	t.Helper()
	for i := range n {
		id := idOf(i)
		row, _, err := s.Find(context.Background(), time.Now(), stringOf(i), hashOf(i))
		if err != nil {
			t.Fatal(err)
		}
		s.Remember(id, row.AuthenticatedAt, digestOf(i, 'c'), nil, 0)
		if tokens && i%2 == 0 {
			s.Remember(id, row.AuthenticatedAt, digestOf(i, 't'), &note{}, len(note{}.claims))
		}
	}
}
