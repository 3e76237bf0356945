package redis

import (
	"time"

	"github.com/redis/rueidis"
)

// A Store keeps sessions and users in Redis. All methods may be called concurrently.
type Store struct {
	client  rueidis.Client
	keys    keys
	confirm int
	timeout time.Duration
}
