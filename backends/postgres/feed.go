package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Feed = (*Store)(nil)

// Watch implements [backends.Feed] with LISTEN, on a connection of its own.
//
// PostgreSQL delivers the notifications of all transactions in the order of their commits. So
// Watch sends one to itself over the same connection: when it comes back, everything that was
// committed before it was sent has arrived too. If it does not come back in time the connection
// is dead, and Watch ends.
//
// That conclusion needs a connection to the server itself. Through a pooler a notification to
// oneself may come back while others are lost, so Watch refuses poolers; see Config.Listen.
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	if every <= 0 {
		return fmt.Errorf("%w: Watch every %v, want more than 0", backends.ErrInvalidArgument, every)
	}
	w := &watch{store: s, every: every, listener: l, self: "inga " + rand.Text()}
	if err := w.connect(ctx); err != nil {
		return w.ended(ctx, "connect", err)
	}
	defer w.close()
	l.Listening()
	for beat := uint64(1); ; beat++ {
		if err := w.round(ctx, beat); err != nil {
			return w.ended(ctx, "listen", err)
		}
	}
}

// A watch is one connection that listens.
type watch struct {
	store    *Store
	conn     *pgx.Conn
	every    time.Duration
	listener backends.Listener
	self     string // the channel of the notifications to itself
}

// patience is how long the connection may take to answer. It is generous, because a listener
// must forget all it remembers when a connection is given up, and a busy server is not dead.
func (w *watch) patience() time.Duration { return max(2*w.every, 2*time.Second) }

func (w *watch) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.patience())
	defer cancel()
	config, err := w.store.listenConfig(ctx)
	if err != nil {
		return err
	}
	if w.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	if err := w.listen(ctx); err != nil {
		w.close()
		return err
	}
	return nil
}

func (w *watch) listen(ctx context.Context) error {
	// A pooler makes up the process ID that clients get when they connect.
	var pid uint32
	if err := w.conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return err
	}
	if pid != w.conn.PgConn().PID() {
		return errors.New("this is a pooler, which loses notifications: Config.Listen must name the server itself")
	}
	for _, channel := range []string{w.store.schema, w.self} {
		if _, err := w.conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}

// listenConfig returns the configuration of the connection, which the caller may change.
func (s *Store) listenConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	var config *pgx.ConnConfig
	if s.listen != nil {
		config = s.listen.Copy()
	} else {
		pool := s.pool.Config()
		config = pool.ConnConfig
		if pool.BeforeConnect != nil { // it may set a password that expires
			if err := pool.BeforeConnect(ctx, config); err != nil {
				return nil, err
			}
		}
	}
	config.Tracer = nil         // the heartbeat belongs to no request
	config.OnNotification = nil // with one, pgx keeps no notification for Watch
	config.RuntimeParams["application_name"] = listenerName
	return config, nil
}

// listenerName is the application_name of the connection in pg_stat_activity.
const listenerName = "inga feed"

// round sends one notification to itself and reports what arrives until the next one is due.
func (w *watch) round(ctx context.Context, beat uint64) error {
	sent := time.Now()
	payload := fmt.Sprint(beat)
	if err := w.notifySelf(ctx, payload); err != nil {
		return err
	}
	next := sent.Add(w.every)
	deadline, echoed := sent.Add(w.patience()), false
	for !echoed || time.Now().Before(next) {
		until := next
		if !echoed {
			until = deadline
		}
		n, err := w.wait(ctx, until)
		switch {
		case err != nil:
			return err
		case n == nil && !echoed:
			return errors.New("a notification to itself did not come back")
		case n == nil:
		case n.Channel != w.self:
			w.listener.Changed(backends.Change{UserID: n.Payload})
			w.store.subscribers.Call(n.Payload)
		case n.Payload == payload:
			echoed = true
			if w.store.vouches {
				w.listener.UpToDate(sent)
			}
		}
	}
	return nil
}

func (w *watch) notifySelf(ctx context.Context, payload string) error {
	ctx, cancel := context.WithTimeout(ctx, w.patience())
	defer cancel()
	_, err := w.conn.Exec(ctx, "NOTIFY "+pgx.Identifier{w.self}.Sanitize()+", '"+payload+"'")
	return err
}

// wait returns the next notification, or nil if none comes until then.
func (w *watch) wait(ctx context.Context, until time.Time) (*pgconn.Notification, error) {
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	n, err := w.conn.WaitForNotification(waiting)
	// A wait that times out leaves the connection as it was.
	if err != nil && waiting.Err() != nil && ctx.Err() == nil && !w.conn.IsClosed() {
		return nil, nil
	}
	return n, err
}

func (w *watch) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx)
}

// ended returns why the watch is over: ctx's error if ctx has ended.
func (w *watch) ended(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("postgres: feed: %s: %w", what, err)
}
