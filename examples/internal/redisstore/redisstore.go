// Package redisstore opens the Redis that a flag names.
package redisstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/redis"
)

// Open returns the store at the URL, with a configuration that lacks the client. It logs under which
// settings of the server less holds.
func Open(ctx context.Context, url string, c redis.Config) (s *redis.Store, stop func(), err error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, nil, fmt.Errorf("redis: %w", err)
	}
	option.DisableCache = true // package cache goes before the store
	if c.Client, err = rueidis.NewClient(option); err != nil {
		return nil, nil, fmt.Errorf("redis: %w", err)
	}
	s, err = redis.New(c)
	var warnings []string
	if err == nil {
		warnings, err = s.Check(ctx)
	}
	if err != nil {
		c.Client.Close()
		return nil, nil, err
	}
	for _, w := range warnings {
		slog.Warn("redis", "check", w)
	}
	return s, c.Client.Close, nil
}
