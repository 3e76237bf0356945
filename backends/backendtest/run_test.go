package backendtest_test

import (
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/memory"
)

func TestAStoreOfFiveMethodsPasses(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		s := &Store{users: map[string]backends.User{}, sessions: map[string]*row{}}
		return backendtest.Harness{
			Store:    s,
			PutUser:  func(_ testing.TB, u backends.User) { s.change(func() { s.users[u.ID] = u }) },
			DropUser: func(_ testing.TB, id string) { s.change(func() { delete(s.users, id) }) },
		}
	})
}

func TestAStoreThatKeepsUsersPasses(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		return backendtest.Harness{Store: memory.New()}
	})
}
