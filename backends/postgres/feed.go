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
// PostgreSQL delivers the notifications of all transactions in the order in which they were
// committed. So the store sends one to itself, over the same connection, and when it comes
// back everything that was committed before it was sent has come too. One that does not come
// back in time ends Watch: the connection is dead.
//
// That conclusion needs a connection to the server itself. Behind a pooler a notification to
// oneself may come back while others are lost, so Watch refuses it; see Config.Listen.
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
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

// patience is how long the connection may take to answer. A server that is merely busy is not
// worth a new connection, with which all that was read before would have to be read again.
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
	// A pooler makes up the process ID that it tells its clients at connect.
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

// listenConfig is a copy of the configuration with which to connect.
func (s *Store) listenConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	var config *pgx.ConnConfig
	if s.listen != nil {
		config = s.listen.Copy()
	} else {
		pool := s.pool.Config()
		config = pool.ConnConfig
		if pool.BeforeConnect != nil { // it may know the password of today
			if err := pool.BeforeConnect(ctx, config); err != nil {
				return nil, err
			}
		}
	}
	config.Tracer = nil // the heartbeat is nobody's request
	config.RuntimeParams["application_name"] = listenerName
	return config, nil
}

// listenerName is by what an administrator knows the connection, in pg_stat_activity.
const listenerName = "inga feed"

// round sends one notification to itself and hears what comes until it is time for the next.
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

// ended is why the watch is over: ctx's error if that has ended.
func (w *watch) ended(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("postgres: feed: %s: %w", what, err)
}
