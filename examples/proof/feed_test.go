package proof_test

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
)

// fed is a store whose feed reaches the database on a way of its own, which can be broken while
// requests are served. An application has one pool for both.
type fed struct {
	*postgres.Store
	feed *postgres.Store
}

// Watch implements [backends.Feed].
func (f fed) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	return f.feed.Watch(ctx, every, l)
}

// feedTimeout is the default of postgres.Config.Timeout.
const feedTimeout = 5 * time.Second

// feedName is what the server calls the connections of the feed: the product that which listens,
// and this test that which polls.
const feedName = "inga feed"

func openFeed(ctx context.Context, s settings) (*postgres.Store, error) {
	config, err := pgxpool.ParseConfig(s.Feed)
	if err != nil {
		return nil, err
	}
	listen, err := pgx.ParseConfig(s.Poke)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = 1, 1
	config.HealthCheckPeriod = 250 * time.Millisecond
	config.ConnConfig.ConnectTimeout = feedTimeout
	config.ConnConfig.RuntimeParams["application_name"] = feedName
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return postgres.New(postgres.Config{
		Pool: pool, Timeout: min(s.Timeout, feedTimeout), Listen: listen, Users: s.Users, UsersAnnounced: s.Users != "",
	})
}

// The ways of the feed of a process fail together.

func (p *process) swallowFeed() {
	p.feed.Blackhole()
	p.poke.Blackhole()
}

func (p *process) cutFeed() {
	p.feed.Cut()
	p.poke.Cut()
}

func (p *process) delayFeed(there, back time.Duration) {
	p.feed.Delay(there, back)
	p.poke.Delay(there, back)
}

func (p *process) passFeed() {
	p.feed.Pass()
	p.poke.Pass()
}
