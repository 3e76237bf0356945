package backendtest

import (
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

// key returns the binding to a key with a thumbprint of the letter, as it is at now.
func key(letter string, now time.Time) backends.Binding {
	return backends.Binding{
		Algorithm:  "ES256",
		Thumbprint: strings.Repeat(letter, 42) + "A",
		Key:        `{"crv":"P-256","kty":"EC","x":"` + letter + `","y":"` + letter + `"}`,
		BoundAt:    now,
		ProvedAt:   now,
	}
}

// spoiledBindings returns changes that each make a valid Binding invalid.
func spoiledBindings() map[string]func(*backends.Binding) {
	bad := map[string]func(*backends.Binding){
		"no thumbprint":         func(b *backends.Binding) { b.Thumbprint = "" },
		"a thumbprint of 42":    func(b *backends.Binding) { b.Thumbprint = strings.Repeat("a", 42) },
		"a thumbprint of 44":    func(b *backends.Binding) { b.Thumbprint = strings.Repeat("a", 43) + "A" },
		"padding":               func(b *backends.Binding) { b.Thumbprint = strings.Repeat("a", 42) + "=" },
		"bits that are no hash": func(b *backends.Binding) { b.Thumbprint = strings.Repeat("a", 42) + "B" },
		"base64":                func(b *backends.Binding) { b.Thumbprint = strings.Repeat("+", 42) + "A" },
		"a key of 1025 bytes":   func(b *backends.Binding) { b.Key = strings.Repeat("k", 1025) },
		"an algorithm of 65":    func(b *backends.Binding) { b.Algorithm = strings.Repeat("x", 65) },
		"bound at no time":      func(b *backends.Binding) { b.BoundAt = time.Time{} },
		"proved at no time":     func(b *backends.Binding) { b.ProvedAt = time.Time{} },
		"bound in 10000":        func(b *backends.Binding) { b.BoundAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"proved in 1969":        func(b *backends.Binding) { b.ProvedAt = time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC) },
	}
	for what, text := range notText() {
		bad["Algorithm "+what] = func(b *backends.Binding) { b.Algorithm = text }
		if what != "256 bytes" {
			bad["Key "+what] = func(b *backends.Binding) { b.Key = text }
		}
	}
	delete(bad, "Algorithm 256 bytes") // as 65
	return bad
}
