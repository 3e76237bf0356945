package redis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// Sweep implements [backends.Sweeper]. Redis removes dead rows by itself, with the time that is
// left by the clock of the application when they are written, so nothing depends on it: it removes what
// is dead by the clock of now. A session that ended with others, and was not asked for since, counts as
// dead from its deadline only. It reads the beginning of every session.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	n := 0
	for _, node := range s.client.Nodes() {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		role, err := node.Do(ctx, node.B().Role().Build()).ToArray()
		if err != nil {
			return n, failed("sweep", err)
		}
		if word(role, 0) != "master" {
			continue
		}
		removed, err := s.sweep(ctx, node, now.Add(-backends.Retention))
		if n += removed; err != nil {
			return n, failed("sweep", err)
		}
	}
	return n, ctx.Err()
}

// sweep sweeps the sessions of one server.
func (s *Store) sweep(ctx context.Context, node rueidis.Client, cutoff time.Time) (n int, err error) {
	prefix := string(s.keys) + "s:{"
	for cursor := uint64(0); ; {
		page, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(glob(prefix)+"*").Count(1000).Build()).AsScanEntry()
		if err != nil {
			return n, err
		}
		dead, err := s.dead(ctx, page.Elements, cutoff)
		if err != nil {
			return n, err
		}
		for tag, ids := range dead {
			answer, err := s.run(ctx, s.call("sweep", tag, append([]string{at(cutoff)}, ids...)...))
			if err != nil {
				return n, err
			}
			n += number(answer, 0)
		}
		if cursor = page.Cursor; cursor == 0 {
			return n, nil
		}
	}
}

// dead returns the IDs of the sessions under the keys that were over at the cutoff, by their tags.
func (s *Store) dead(ctx context.Context, keys []string, cutoff time.Time) (map[string][]string, error) {
	var commands []rueidis.Completed
	for _, key := range keys {
		commands = append(commands, s.client.B().Getrange().Key(key).Start(0).End(ofEpochs-1).Build())
	}
	dead := make(map[string][]string)
	if len(keys) == 0 {
		return dead, nil
	}
	var errs []error
	for i, result := range s.client.DoMulti(ctx, commands...) {
		head, err := result.ToString()
		if errs = append(errs, err); len(head) < ofEpochs {
			continue // gone
		}
		c := cursor{rest: head}
		c.take(1)
		over, ended := c.take(1) != "\x00", c.time()
		c.take(ofIdle - ofCreated)
		if over && !cutoff.Before(ended) || !cutoff.Before(c.time()) {
			id := strings.Replace(keys[i][len(string(s.keys))+len("s:{"):], "}", "", 1)
			dead[tag(id)] = append(dead[tag(id)], id)
		}
	}
	return dead, errors.Join(errs...)
}

// glob returns the pattern that matches the text.
func glob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
