package proof_test

import (
	"testing"
	"time"
)

func TestAMovedClockIsAWallClockThatIsElsewhere(t *testing.T) {
	if !clocksMove {
		t.Skip("the clock of a process can be moved on Linux with amd64 only")
	}
	defer func() { _ = moveClock(0) }()
	for _, d := range []time.Duration{2 * time.Hour, -1700 * time.Millisecond, 900 * time.Millisecond, 0} {
		_ = moveClock(0)
		before := time.Now()
		if err := moveClock(d); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		wall, monotonic := after.Round(0).Sub(before.Round(0)), after.Sub(before)
		if off := wall - d; off < -time.Minute || off > time.Minute || monotonic < 0 || monotonic > time.Minute {
			t.Errorf("moved by %v: the wall clock by %v, the monotonic clock by %v", d, wall, monotonic)
		}
	}
}
