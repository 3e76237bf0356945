package proof_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/internal/pgtest"
)

// A fleet is some processes on one database.
type fleet struct {
	database  *pgtest.Server
	db        *pgxpool.Pool // of the test itself, past the proxies
	processes []*process
	conns     int32 // of each process's pool
	own       bool  // the application has its own users
}

const password = "correct horse"

// startFleet starts three processes, whose settings each may edit.
func startFleet(t *testing.T, s settings, edit ...func(i int, s *settings)) *fleet {
	t.Helper()
	f := &fleet{database: pgtest.Start(t), conns: 8}
	f.db = f.database.Pool(t, func(c *pgxpool.Config) {
		c.MaxConns, c.MinConns = 2, 2
		c.ConnConfig.RuntimeParams["application_name"] = "proof"
	})
	s.Conns = f.conns
	s.Keys = newKeys()
	f.processes = make([]*process, 3)
	f.own = s.Users != ""
	if f.own {
		f.exec(t, ownUsersSQL)
	}
	for i := range f.processes {
		its := s
		for _, e := range edit {
			e(i, &its)
		}
		f.processes[i] = startProcess(t, fmt.Sprintf("p%d", i), f.database, its)
	}
	if f.own {
		f.exec(t, announcedSQL)
	}
	f.awaitHealth(t)
	return f
}

func newKeys() (keys [3][]byte) {
	for i := range keys {
		keys[i] = make([]byte, 32)
		_, _ = rand.Read(keys[i]) // never fails: it ends the program instead
	}
	return keys
}

// awaitHealth returns when each process hears the feed, and has all its connections.
func (f *fleet) awaitHealth(t *testing.T) {
	t.Helper()
	for _, p := range f.processes {
		p.await(t, "health", func(s state) bool { return s.Following && s.Conns == f.conns && s.Acquired == 0 })
	}
}

// addUser creates a user who may be an administrator.
func (f *fleet) addUser(t *testing.T, id string) {
	t.Helper()
	if _, a := f.createUser(f.processes[0], id); a.status != 200 {
		t.Fatal(a)
	}
}

// createUser returns what the user can log in with.
func (f *fleet) createUser(at *process, id string) (word, *answer) {
	if !f.own {
		roles := user + " " + admin
		return word{}, at.send("POST", "/operate/users", nil, form("id", id, "password", password, "roles", roles))
	}
	a := &answer{what: "create " + id, by: at, status: 200}
	if _, a.err = f.db.Exec(context.Background(), "INSERT INTO app.people (id) VALUES ($1)", id); a.err != nil {
		a.status = 0
	}
	return word{version: "1"}, a
}

// mustLogin logs in where that must succeed.
func (f *fleet) mustLogin(t *testing.T, p *process, way, id string) (*jar, opened) {
	t.Helper()
	j, o, a := p.login(way, id, policyText(forMonths))
	if a.status != 200 || a.err != nil {
		t.Fatal(a)
	}
	return j, o
}

// killFeeds ends the connections over which the processes hear of changes.
func (f *fleet) killFeeds(t *testing.T) {
	const sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + feedName + "'"
	if _, err := f.db.Exec(t.Context(), sql); err != nil && t.Context().Err() == nil {
		t.Errorf("killing the feeds: %v", err)
	}
}

// each does something for each of the list, all at the same time.
func each[T any](list []T, do func(T)) {
	var all sync.WaitGroup
	for _, v := range list {
		all.Go(func() { do(v) })
	}
	all.Wait()
}
