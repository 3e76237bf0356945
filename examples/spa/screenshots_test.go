package main

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

var screenshots = flag.String("screenshots", "", "put pictures of the page into this `directory`")

// TestScreenshots takes the pictures that this directory has:
//
//	go test ./examples/spa -run TestScreenshots -args -screenshots screenshots
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots")
	}
	p := start(t, "-rotate", "6s", "-refresh-overlap", "1s")
	b := newTab(t, chromium.Start(t), p)
	b.do(chromedp.EmulateViewport(800, 1120))
	b.enter()
	other := b.another()
	other.awaitText("#subject", "ann")
	b.awaitMore("#count-here", 2)
	// Now and then another tab is first.
	time.Sleep(2 * time.Second)
	other.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#refresh").click()`))
	b.awaitMore("#count-here", 1)
	b.request("GET /api/time")
	time.Sleep(2 * time.Second)
	other.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#refresh").click()`))
	time.Sleep(2 * time.Second)
	b.request("GET /api/admin")
	b.awaitText("#answer", "403")
	b.click("#burst")
	b.awaitText("#said", "answered")
	time.Sleep(time.Second)
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(), scrollTo(0, 0)`))
	for _, scheme := range []string{"light", "dark"} {
		picture(t, b, scheme)
	}
}

func picture(t *testing.T, b *tab, scheme string) {
	t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		t.Fatal(err)
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	data := small(t, shot)
	if len(data) > 60<<10 {
		t.Errorf("the %s picture has %d bytes, want 60 KiB at most", scheme, len(data))
	}
	if err := os.WriteFile(filepath.Join(*screenshots, scheme+".png"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// small returns the picture with the colours that it has most of.
func small(t *testing.T, shot []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	size := img.Bounds()
	for y := range size.Dy() {
		for x := range size.Dx() {
			count[img.At(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	few := image.NewPaletted(size, color.Palette(most[:min(len(most), 200)]))
	draw.Draw(few, size, img, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
