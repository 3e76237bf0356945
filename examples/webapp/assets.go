package main

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
)

//go:embed assets
var assetFiles embed.FS

// serveAsset serves the style, the script and the icon. A browser revalidates each of them; embedded
// files have no date, so the hash is the ETag.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := "assets/" + r.PathValue("file")
	b, err := assetFiles.ReadFile(name)
	if err != nil {
		notFound(w, r)
		return
	}
	sum := sha256.Sum256(b)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeFileFS(w, r, assetFiles, name)
}
