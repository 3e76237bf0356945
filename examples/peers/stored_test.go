package peers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/postgres"
	ingaredis "github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/redistest"
	"github.com/inga-auth/inga/sliding"
)

// clients is how many requests are under way at once, each of a session of its own.
const clients = 64

// BenchmarkStored is a guarded request with its session in a database, and none in the process: the
// session, its user with roles, and the idle timeout. scs writes the session back for that, and
// reads the user by a command of the application.
func BenchmarkStored(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(b *testing.B) peer
	}{
		{"inga on Redis", func(b *testing.B) peer { return onRedis(b, redistest.Start(b).Addr()) }},
		{"inga on a cluster", func(b *testing.B) peer { return onRedis(b, redistest.SharedCluster(b).Addrs()...) }},
		{"inga on PostgreSQL", onPostgres},
		{"scs on Redis", func(b *testing.B) peer { return scsOnRedis(b, 0, false) }},
		{"scs on Redis with an idle timeout", func(b *testing.B) peer { return scsOnRedis(b, idle, false) }},
		{"scs on Redis with an idle timeout and the user", func(b *testing.B) peer { return scsOnRedis(b, idle, true) }},
	} {
		b.Run(c.name, func(b *testing.B) { c.make(b).crowd(b) })
	}
}

func onRedis(b *testing.B, addrs ...string) peer {
	client := must(rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true}))
	b.Cleanup(client.Close)
	return inga(must(ingaredis.New(ingaredis.Config{Client: client, Prefix: redistest.Prefix(b) + ":"})), sliding.Handler)
}

func onPostgres(b *testing.B) peer {
	store := must(postgres.New(postgres.Config{Pool: pgtest.Pool(b), Schema: pgtest.Schema(b)}))
	if err := store.Migrate(context.Background()); err != nil {
		b.Fatal(err)
	}
	return inga(store, sliding.Handler)
}

func scsOnRedis(b *testing.B, idle time.Duration, withUser bool) peer {
	addr := redistest.Start(b).Addr()
	pool := &redis.Pool{MaxIdle: clients, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }}
	b.Cleanup(func() { _ = pool.Close() })
	conn := pool.Get()
	_, err := conn.Do("HSET", "user:"+user, "roles", "user", "disabled", "0", "version", "1")
	_ = conn.Close()
	if err != nil {
		b.Fatal(err)
	}
	manager := scs.New()
	manager.Store, manager.Lifetime, manager.IdleTimeout = redisstore.New(pool), absolute, idle
	return peer{
		login: manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			manager.Put(r.Context(), "user", user)
		})),
		guarded: manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			subject := manager.GetString(r.Context(), "user")
			if withUser {
				conn := pool.Get()
				row, err := redis.StringMap(conn.Do("HGETALL", "user:"+subject))
				_ = conn.Close()
				if err != nil || row["disabled"] != "0" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
			}
			greet(w, subject)
		})),
	}
}

// crowd has the clients send b.N requests.
func (p peer) crowd(b *testing.B) {
	var next atomic.Int64
	requests := make([]*http.Request, clients)
	for i := range requests {
		login := httptest.NewRecorder()
		p.login.ServeHTTP(login, httptest.NewRequest("POST", "/login", nil))
		requests[i] = httptest.NewRequest("GET", "/", nil)
		for _, c := range login.Result().Cookies() {
			requests[i].AddCookie(c)
		}
	}
	var running sync.WaitGroup
	errs := make(chan error, clients)
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range requests {
		running.Go(func() {
			w := &answer{header: http.Header{}}
			for next.Add(1) <= int64(b.N) {
				clear(w.header)
				w.status, w.size = http.StatusOK, 0
				if p.guarded.ServeHTTP(w, r); w.status != http.StatusOK || w.size != len(greeting) {
					errs <- fmt.Errorf("status %d and %d bytes, want 200 and %d", w.status, w.size, len(greeting))
					return
				}
			}
		})
	}
	running.Wait()
	b.StopTimer()
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
