package main

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// TestScreenshots makes the pictures for the README:
//
//	go test ./examples/webapp -run TestScreenshots -args -screenshots screenshots
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("only with -args -screenshots directory")
	}
	visitor, ann, root, user := guests(t)
	for _, shot := range []struct {
		name, path string
		tab        *tab
	}{
		{"login", "/login", visitor},
		{"devices", "/devices", ann},
		{"live", "/live", ann},
		{"admin", "/admin", root},
		{"user", "/admin/users/" + user, root},
	} {
		for _, scheme := range []string{"light", "dark"} {
			shot.tab.prefer(scheme)
			shot.tab.do(chromedp.EmulateViewport(800, 560))
			shot.tab.open(shot.path)
			if shot.name == "live" {
				shot.tab.awaitText("#connection", "connected")
			}
			picture, err := chromedp.Run(shot.tab.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			writeSmall(t, filepath.Join(*screenshots, shot.name+"-"+scheme+".png"), picture)
		}
	}
}

// guests are a visitor, ann, and the administrator, who looks at ann, the user with the ID.
func guests(t *testing.T) (visitor, ann, root *tab, user string) {
	t.Helper()
	p := start(t)
	browser := chromium.Start(t)
	visitor, ann, root = newTab(t, browser, p), newTab(t, browser, p).withScripts(), newTab(t, browser, p)
	p.client(t).signUp("ann").post("/logout")
	for _, b := range []*tab{ann, root} {
		call(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: chrome})
	}
	ann.login("ann", passphrase)
	for _, agent := range []string{firefox, iPhone} {
		c := p.client(t)
		c.agent = agent
		c.login("ann", passphrase)
	}
	for _, name := range []string{"bob", "carol", "dan"} {
		p.client(t).signUp(name)
	}
	admin := p.admin(t)
	admin.post("/admin/users/"+admin.userID("dan"), "do", "disable")
	p.client(t).login("bob", passphrase).post("/live", "text", "The kettle is on.")
	p.client(t).login("carol", passphrase).post("/live", "text", "Coming! Is there any of the green one left?")
	root.login("admin", p.password)
	return visitor, ann, root, admin.userID("ann")
}

// maxPicture is the size of a picture in bytes: they are in the repository.
const maxPicture = 60 << 10

// writeSmall writes the picture with the 256 colors that most of it has: flat areas, and text.
func writeSmall(t *testing.T, file string, picture []byte) {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			counts[full.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return cmp.Compare(counts[b], counts[a]) })
	small := image.NewPaletted(full.Bounds(), colors[:min(len(colors), 256)])
	draw.Draw(small, full.Bounds(), full, image.Point{}, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if out.Len() > maxPicture {
		t.Errorf("%s has %d bytes, want %d at most", file, out.Len(), maxPicture)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
