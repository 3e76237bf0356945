package backendtest

import (
	"slices"
	"sync"
)

// rounds is how often a race is run.
const rounds = 20

// together calls all functions at once and waits for them.
func together(fs ...func()) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for _, f := range fs {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			f()
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// nTimes returns f n times, to be called together.
func nTimes(n int, f func()) []func() { return slices.Repeat([]func(){f}, n) }
