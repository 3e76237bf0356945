package redis_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// The rights are those of the package doc.
func TestTheRightsOfThePackageDocAreEnough(t *testing.T) {
	rule := rights(t)
	t.Run("server", func(t *testing.T) { enough(t, rule, redistest.Start(t)) })
	t.Run("cluster", func(t *testing.T) { enough(t, rule, redistest.StartCluster(t).Nodes...) })
}

// rights returns the arguments of ACL SETUSER in the package doc.
func rights(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	check(t, err)
	_, rule, found := strings.Cut(string(text), "//	ACL SETUSER web ")
	if !found {
		t.Fatal("the package doc has no ACL SETUSER")
	}
	rule, _, _ = strings.Cut(rule, "\n")
	return append([]string{"ACL", "SETUSER", "web"}, strings.Fields(rule)...)
}

func enough(t *testing.T, rule []string, nodes ...*redistest.Server) {
	option := rueidis.ClientOption{Username: "web", Password: "secret", DisableCache: true}
	for _, node := range nodes {
		node.Do(t, rule...)
		option.InitAddress = append(option.InitAddress, node.Addr())
	}
	client, err := rueidis.NewClient(option)
	check(t, err)
	t.Cleanup(client.Close)
	s := open(t, redis.Config{Client: client, Prefix: "inga:"})
	newOperations(t, s).each(func(name string, _ int, do func(context.Context) error) {
		if err := do(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	if _, err := s.Sweep(t.Context(), t0); err != nil {
		t.Errorf("Sweep: %v", err)
	}
	if _, err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	watch(t, s)
	other := open(t, redis.Config{Client: client, Prefix: "other:"})
	if err := other.Users().SetRoles(t.Context(), "ann", nil); err == nil || !strings.Contains(err.Error(), "permission") {
		t.Errorf("keys of another prefix: %v, want that there is no right", err)
	}
	if err := client.Do(t.Context(), client.B().Flushall().Build()).Error(); err == nil {
		t.Error("FLUSHALL: no error, want that there is no right")
	}
}
