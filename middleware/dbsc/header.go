package dbsc

import (
	"net/http"
	"strings"
)

// value returns the value of the header, which browsers must send once. The draft says that it is a
// string of structured fields (RFC 9651), in quotes; Chrome sends it bare. It never has a character
// that would be escaped.
func value(h http.Header, name string) string {
	list := h.Values(name)
	if len(list) != 1 {
		return ""
	}
	text := strings.Trim(list[0], " \t")
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	if strings.Trim(text, alphabet) != "" {
		return ""
	}
	return text
}

// alphabet is that of base64url, and of the dots between the parts of a proof.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
