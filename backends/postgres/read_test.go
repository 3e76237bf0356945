package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/internal/pgtest"
)

// reads are the operations of a store that only read.
var reads = []string{"Find", "Find without it", "FindUser", "UserByName", "ListUsers", "List", "Value"}

func TestReadsSurviveTheEndOfAllPooledConnections(t *testing.T) {
	server := pgtest.Start(t)
	proxy := server.Proxy(t)
	for name, end := range map[string]func(t *testing.T, f fixture){
		"terminated": func(t *testing.T, f fixture) {
			exec(t, server.Pool(t), `SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'pooled'`)
		},
		"reset": func(*testing.T, fixture) {
			proxy.Cut()
			proxy.Pass()
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := openOn(t, pooled(t, proxy.URL()), pgtest.Schema(t))
			s, secret := login(t, f, "ann")
			do := operations(f, s, secret.Hash())
			for _, read := range reads {
				fillPool(t, f.pool)
				end(t, f)
				for range 8 {
					if err := do[read](t.Context()); err != nil {
						t.Errorf("%s: %v", read, err)
					}
				}
			}
		})
	}
}

// pooled returns a pool of eight connections, which pg_stat_activity shows as "pooled".
func pooled(t *testing.T, url string) *pgxpool.Pool {
	config := must(pgxpool.ParseConfig(url))(t)
	config.MaxConns = 8
	config.ConnConfig.RuntimeParams["application_name"] = "pooled"
	pool := must(pgxpool.NewWithConfig(t.Context(), config))(t)
	t.Cleanup(pool.Close)
	return pool
}

func fillPool(t *testing.T, pool *pgxpool.Pool) {
	for range pool.Config().MaxConns {
		defer must(pool.Acquire(t.Context()))(t).Release()
	}
}

// The server may have run a write whose answer was lost.
func TestAWriteIsNotTriedAgain(t *testing.T) {
	var sent recorder
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t, sent.use), "inga")
	s, secret := login(t, f, "ann")
	for name, do := range operations(f, s, secret.Hash()) {
		switch name {
		case "Revoke", "Extend", "Rotate", "SetValue", "TakeValue", "MarkSeen", "Create", "Reauthenticate", "RevokeUser", "RevokeAll":
		default:
			continue
		}
		fillPool(t, f.pool)
		exec(t, server.Pool(t), `SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		sent.take()
		if err := do(context.WithoutCancel(t.Context())); err == nil || verdict(err) {
			t.Errorf("%s: error %v, want one that is no verdict", name, err)
		}
		if q := sent.take(); len(q) != 1 {
			t.Errorf("%s: %d statements, want 1", name, len(q))
		}
	}
}
