package bench

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"
	"time"
)

// Weigh reports the cost of a store of n sessions, which build returns: bytes and objects for
// each session, and the time and CPU time of a garbage collection while the store exists.
func Weigh(b *testing.B, n int, build func() any) {
	for b.Loop() {
		before := heap()
		store := build()
		after := heap()
		took, cpu := collections()
		b.ReportMetric(float64(int64(after.HeapAlloc-before.HeapAlloc))/float64(n), "B/session")
		b.ReportMetric(float64(int64(after.HeapObjects-before.HeapObjects))/float64(n), "objects/session")
		b.ReportMetric(float64(took), "ns/gc")
		b.ReportMetric(cpu, "cpu-s/gc")
		runtime.KeepAlive(store)
	}
	b.ReportMetric(0, "ns/op") // building it is not what is measured
}

func heap() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// collections returns what a full garbage collection takes, the median of nine.
func collections() (took time.Duration, cpu float64) {
	var times []time.Duration
	var cpus []float64
	for range 9 {
		cpuBefore, begin := collecting(), time.Now()
		runtime.GC()
		times = append(times, time.Since(begin))
		cpus = append(cpus, collecting()-cpuBefore)
	}
	slices.Sort(times)
	slices.Sort(cpus)
	return times[len(times)/2], cpus[len(cpus)/2]
}

// collecting returns the CPU time of all garbage collections so far, in seconds.
func collecting() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64()
}
