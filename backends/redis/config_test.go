package redis_test

import (
	"testing"

	"github.com/inga-auth/inga/backends/redis"
)

func TestNewReportsAllMistakesAtOnce(t *testing.T) {
	_, err := redis.New(redis.Config{Prefix: "app{1}:", Confirm: -1, Timeout: -1})
	want := `redis: Config.Client is nil
redis: Config.Prefix is "app{1}:", want at most 255 bytes of UTF-8 without control characters and braces
redis: Config.Confirm is -1, want a number of replicas, or 0 for none
redis: Config.Timeout is -1ns, want more than 0, or 0 for the default`
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}
