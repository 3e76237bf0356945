package redis

import (
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/internal/subscribers"
)

// A Store keeps sessions and users in Redis. All methods may be called concurrently.
type Store struct {
	client  rueidis.Client
	keys    keys
	confirm int
	timeout time.Duration

	subscribers subscribers.Table
}
