package jwtauth_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

// A counter is a pgx tracer that counts statements.
type counter struct{ queries atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.queries.Add(1)
	return ctx
}

func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A farConn is a connection to a database that is as far away as its round trip is long.
type farConn struct {
	net.Conn
	roundTrip time.Duration
}

func (c farConn) Write(b []byte) (int, error) {
	time.Sleep(c.roundTrip)
	return c.Conn.Write(b)
}

func far(c *pgxpool.Config, roundTrip time.Duration) {
	dial := c.ConnConfig.DialFunc
	c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return farConn{conn, roundTrip}, err
	}
}

// BenchmarkRefresh is a whole refresh on Postgres, access token included, by so many clients
// at once, each with a session of its own. In turns with it, over the same pool, goes what
// one usually writes: a transaction that locks the row of the token, marks it as used and
// inserts its successor; it issues no access token.
//
// The server writes nothing through to the disk. On the same machine the time is that of the
// processor; as soon as the database is a network away it is that of the round trips.
func BenchmarkRefresh(b *testing.B) {
	for _, row := range []struct {
		clients   int
		roundTrip time.Duration
	}{{1, 0}, {64, 0}, {1, time.Millisecond}, {64, time.Millisecond}} {
		clients := row.clients
		b.Run(fmt.Sprintf("clients=%d/network=%v", clients, row.roundTrip), func(b *testing.B) {
			var count counter
			pool := pgtest.Pool(b, func(c *pgxpool.Config) {
				c.MaxConns = int32(clients)
				c.ConnConfig.Tracer = &count
				if row.roundTrip > 0 {
					far(c, row.roundTrip)
				}
			})
			schema := pgtest.Schema(b)
			s := storetest.Postgres(b, pool, schema)
			storetest.AddUsers(b, s)
			tokens := tokentest.New(b, s, tokentest.WithRefresh)
			hand := newHandRotation(b, pool, schema)
			r := httptest.NewRequest("POST", "/", nil)
			ours, theirs := make([]string, clients), make([]string, clients)
			for i := range clients {
				resp, err := tokens.Login(r, middleware.Login{Subject: "1"})
				if err != nil {
					b.Fatal(err)
				}
				ours[i], theirs[i] = resp.RefreshToken, hand.login(b)
			}
			refresh := func(i int) error {
				resp, err := tokens.Refresh(r, ours[i])
				ours[i] = resp.RefreshToken
				return err
			}
			rotate := func(i int) (err error) {
				theirs[i], err = hand.rotate(theirs[i])
				return err
			}
			// Each client does several in a row: starting them is not what is measured.
			const each = 8
			timed := func(do func(i int) error) time.Duration {
				began := time.Now()
				tokentest.AtOnce(clients, func(i int) {
					for range each {
						if err := do(i); err != nil {
							b.Error(err)
						}
					}
				})
				return time.Since(began)
			}
			for range 3 { // by then every connection has its plans
				timed(refresh)
				timed(rotate)
			}
			var inga, byHand time.Duration
			var queries, rounds int64
			for b.Loop() {
				before := count.queries.Load()
				inga += timed(refresh)
				queries += count.queries.Load() - before
				byHand += timed(rotate)
				rounds++
			}
			n := float64(rounds) * float64(clients) * each
			b.ReportMetric(0, "ns/op") // of both together: says nothing
			b.ReportMetric(float64(queries)/n, "queries/refresh")
			b.ReportMetric(float64(inga.Nanoseconds())/n, "ns/refresh")
			b.ReportMetric(float64(byHand.Nanoseconds())/n, "ns/by-hand")
			b.ReportMetric(float64(inga)/float64(byHand), "inga/by-hand")
		})
	}
}

// A handRotation keeps a row for each refresh token.
type handRotation struct {
	pool  *pgxpool.Pool
	table string
	users string
}

func newHandRotation(b *testing.B, pool *pgxpool.Pool, schema string) *handRotation {
	b.Helper()
	h := &handRotation{pool, schema + ".refresh_tokens", schema + ".users"}
	if _, err := pool.Exec(b.Context(), `CREATE TABLE `+h.table+` (
		hash bytea PRIMARY KEY, family text NOT NULL, user_id text NOT NULL, parent bytea,
		created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, used_at timestamptz)`); err != nil {
		b.Fatal(err)
	}
	return h
}

func (h *handRotation) login(b *testing.B) string {
	b.Helper()
	token := rand.Text()
	if err := h.insert(b.Context(), h.pool, token, rand.Text(), "1", nil); err != nil {
		b.Fatal(err)
	}
	return token
}

// rotate is BEGIN, SELECT FOR UPDATE, UPDATE, INSERT, COMMIT.
func (h *handRotation) rotate(token string) (string, error) {
	ctx := context.Background()
	tx, err := h.pool.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer tx.Rollback(ctx)
	hash := sha256.Sum256([]byte(token))
	var family, user string
	var roles []string
	err = tx.QueryRow(ctx, `SELECT t.family, t.user_id, u.roles FROM `+h.table+` t JOIN `+h.users+` u ON u.id = t.user_id
		WHERE t.hash = $1 AND t.used_at IS NULL AND t.expires_at > $2 AND NOT u.disabled FOR UPDATE OF t`, hash[:], time.Now()).Scan(&family, &user, &roles)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `UPDATE `+h.table+` SET used_at = $2 WHERE hash = $1`, hash[:], time.Now()); err != nil {
		return "", err
	}
	next := rand.Text()
	if err := h.insert(ctx, tx, next, family, user, hash[:]); err != nil {
		return "", err
	}
	return next, tx.Commit(ctx)
}

// insert goes to the pool or to a transaction.
func (h *handRotation) insert(ctx context.Context, to interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}, token, family, user string, parent []byte) error {
	hash, now := sha256.Sum256([]byte(token)), time.Now()
	_, err := to.Exec(ctx, `INSERT INTO `+h.table+` (hash, family, user_id, parent, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, hash[:], family, user, parent, now, now.Add(time.Hour))
	return err
}
