package proof_test

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// What a drawing measures, in pixels.
const (
	drawingWidth = 840
	plotLeft     = 256
	plotRight    = 690
	plotTop      = 64
	rowHeight    = 46
	barHeight    = 30
)

// The axis is logarithmic, from a part of a millisecond to a hundred seconds.
const (
	axisFrom     = 300 * time.Microsecond
	axisTo       = 100 * time.Second
	binsInDecade = 16
)

const style = `<style>
svg { --surface: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --bar: #2a78d6; --bound: #c62828 }
@media (prefers-color-scheme: dark) {
	svg { --surface: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --bar: #4c94ea; --bound: #ff7b72 }
}
text { font: 13px system-ui, sans-serif; fill: var(--ink) }
.title { font-size: 15px; font-weight: 600 }
.soft { fill: var(--soft); font-size: 12px }
.end { text-anchor: end }
.middle { text-anchor: middle }
.bound { fill: var(--bound); font-weight: 600; font-size: 12px }
line { stroke: var(--line) }
line.bound { stroke: var(--bound); stroke-width: 1.5; stroke-dasharray: 5 3 }
rect.bar { fill: var(--bar) }
</style>
`

// drawing is the results as an image in SVG: how the lags of each scenario are distributed, and
// the bounds.
func drawing(results []result) string {
	var b strings.Builder
	bottom := plotTop + rowHeight*len(results)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img">`+"\n", drawingWidth, bottom+44, drawingWidth)
	fmt.Fprintf(&b, "<title>How long a revocation takes to reach the other processes, and the bounds</title>\n")
	b.WriteString(style)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="var(--surface)"/>`+"\n")
	fmt.Fprintf(&b, `<text class="title" x="16" y="26">From a revocation to the first refusal at another process</text>`+"\n")
	drawAxis(&b, bottom)
	for i, r := range results {
		drawRow(&b, r, plotTop+rowHeight*i)
	}
	drawBound(&b, "MaxLag", *maxLag, bottom)
	drawBound(&b, "MaxAge", *maxAge, bottom)
	b.WriteString("</svg>\n")
	return b.String()
}

// whole prints a time in one unit, if it is a whole number of them.
func whole(d time.Duration) string {
	switch {
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return d.String()
}

func drawBound(b *strings.Builder, name string, bound time.Duration, bottom int) {
	x := axisAt(bound)
	fmt.Fprintf(b, `<line class="bound" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x, plotTop-6, x, bottom)
	fmt.Fprintf(b, `<text class="bound middle" x="%.1f" y="%d">%s %s</text>`+"\n", x, plotTop-12, name, whole(bound))
}

func drawAxis(b *strings.Builder, bottom int) {
	for _, at := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, 100 * time.Second} {
		x := axisAt(at)
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x, plotTop, x, bottom)
		fmt.Fprintf(b, `<text class="soft middle" x="%.1f" y="%d">%s</text>`+"\n", x, bottom+18, whole(at))
	}
	fmt.Fprintf(b, `<text class="soft end" x="%d" y="%d">p50</text><text class="soft end" x="%d" y="%d">max</text>`+"\n",
		drawingWidth-76, plotTop-12, drawingWidth-16, plotTop-12)
}

// drawRow draws one scenario: its name, a histogram on a base line, and two numbers.
func drawRow(b *strings.Builder, r result, top int) {
	base := top + rowHeight - 6
	fmt.Fprintf(b, `<text x="16" y="%d">%s</text>`+"\n", base-14, html.EscapeString(r.name))
	fmt.Fprintf(b, `<text class="soft" x="16" y="%d">%d observations</text>`+"\n", base, len(r.lags))
	fmt.Fprintf(b, `<text class="end" x="%d" y="%d">%s</text><text class="end" x="%d" y="%d">%s</text>`+"\n",
		drawingWidth-76, base-4, short(r.p50), drawingWidth-16, base-4, short(r.max))
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", plotLeft, base, plotRight, base)
	bins := histogram(r.lags)
	most := 1
	for _, n := range bins {
		most = max(most, n)
	}
	for i, n := range bins {
		if n == 0 {
			continue
		}
		from, to := binFrom(i), binFrom(i+1)
		// Even one is to be seen.
		height := max(float64(n)/float64(most)*barHeight, 2)
		fmt.Fprintf(b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`+"\n", from, float64(base)-height, to-from-1, height)
	}
}

// histogram counts the lags in bins of equal width on the axis.
func histogram(lags []time.Duration) []int {
	bins := make([]int, binOf(axisTo)+1)
	for _, l := range lags {
		bins[min(max(binOf(l), 0), len(bins)-1)]++
	}
	return bins
}

func binOf(d time.Duration) int {
	return int(math.Floor(math.Log10(float64(max(d, axisFrom))/float64(axisFrom)) * binsInDecade))
}

// binFrom is where on the axis a bin begins.
func binFrom(i int) float64 {
	return axisAt(time.Duration(float64(axisFrom) * math.Pow(10, float64(i)/binsInDecade)))
}

// axisAt is where on the axis a time is.
func axisAt(d time.Duration) float64 {
	decades := math.Log10(float64(axisTo) / float64(axisFrom))
	return plotLeft + (plotRight-plotLeft)*math.Log10(float64(max(d, axisFrom))/float64(axisFrom))/decades
}
