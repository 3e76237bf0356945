package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/rueidis"
)

// An announcer is a connection to a master that announces changes.
type announcer struct {
	conn  rueidis.DedicatedClient
	store *Store
	addr  string
}

// announce has a master announce changes to the watch.
func (w *watch) announce(ctx context.Context, m master) (*announcer, error) {
	conn, _ := m.client.Dedicate()
	a := &announcer{conn, w.store, m.addr}
	ended := conn.SetOnInvalidations(w.changed)
	go func() {
		// The channel is closed when the connection is, by whichever side.
		if err := <-ended; err != nil {
			select {
			case w.lost <- err:
			default:
			}
		}
	}()
	return a, a.track(ctx)
}

// track has the master announce changes on the connection. With RESP2 Redis would agree, and announce
// nothing.
func (a *announcer) track(ctx context.Context) error {
	hello, err := a.conn.Do(ctx, a.conn.B().Hello().Build()).AsMap()
	if err != nil {
		return fmt.Errorf("HELLO: %w", err)
	}
	proto := hello["proto"]
	if version, err := proto.AsInt64(); err != nil || version < 3 {
		return fmt.Errorf("Config.Client speaks RESP%d, and only with RESP3 Redis announces changes", version)
	}
	// The connection may track the keys that it reads, which cannot be changed into another mode.
	for _, command := range [][]string{
		{"CLIENT", "TRACKING", "OFF"},
		{"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", a.store.keys.changes()},
	} {
		if err := a.conn.Do(ctx, a.conn.B().Arbitrary(command...).Build()).Error(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
		}
	}
	return nil
}

// view returns what the master says of itself and, in a cluster, of all masters.
func (a *announcer) view(ctx context.Context) (string, error) {
	if a.store.inCluster() {
		view, _, err := clusterView(ctx, a.conn)
		return view, err
	}
	// Sentinel names another master.
	if a.store.client.Nodes()[a.addr] == nil {
		return "", errTopology
	}
	role, err := a.conn.Do(ctx, a.conn.B().Role().Build()).ToArray()
	if err != nil {
		return "", err
	}
	if len(role) == 0 {
		return "", errors.New("no answer to ROLE")
	}
	return role[0].ToString()
}

func (a *announcer) close() { a.conn.Close() }

// usersOf returns the users whose changes the names of keys stand for: "" if there are no names,
// and for the end of all sessions.
func (k keys) usersOf(names []rueidis.RedisMessage) (users []string) {
	if names == nil {
		return []string{""}
	}
	for _, n := range names {
		name, _ := n.ToString()
		// A tag has no brace in it, and a user's ID may.
		_, id, _ := strings.Cut(strings.TrimPrefix(name, k.changes()), "}")
		users = append(users, id)
	}
	// One command that ends all sessions changes many keys.
	if slices.Contains(users, "") {
		return []string{""}
	}
	return users
}
