package proof_test

import (
	"math/rand/v2"
	"time"
)

// weather has the feed of a process come and go. What passes through its pool is late
// sometimes, so that something changes while an answer is on its way, and never so late that it
// fails.
func weather(p *process, r *rand.Rand, stop chan struct{}) {
	for {
		switch r.IntN(8) {
		case 0:
			p.swallowFeed()
		case 1, 2:
			p.cutFeed()
		case 3:
			p.delayFeed(between(r, 0, modelLag()), between(r, 0, modelLag()))
		case 4, 5:
			p.pool.Delay(between(r, 0, 10*time.Millisecond), between(r, 0, 100*time.Millisecond))
		default:
			clearUp(p)
		}
		select {
		case <-stop:
			clearUp(p)
			return
		case <-time.After(between(r, 50*time.Millisecond, modelLag())):
		}
	}
}

func clearUp(p *process) {
	p.delayFeed(0, 0)
	p.pool.Delay(0, 0)
	p.passFeed()
}
