package backendtest

import (
	"strings"
)

// badText returns what can be no text in any backend, besides the empty text.
func badText() map[string]string {
	return map[string]string{
		"NUL":           "\x00",
		"NUL inside":    "an\x00n",
		"a line break":  "ann\n",
		"invalid UTF-8": "\xff\xfe",
		"half a rune":   "ann\xe2\x82",
		"256 bytes":     strings.Repeat("x", 256),
		"a megabyte":    strings.Repeat("x", 1<<20),
	}
}

// notText returns what can be no ID and no role in any backend.
func notText() map[string]string {
	bad := badText()
	bad["empty"] = ""
	return bad
}

// notID returns what can be no ID of a session in any backend.
func notID() map[string]string {
	bad := notText()
	bad["25 characters"] = "ABCDEFGHIJKLMNOPQRSTUVWXY"
	bad["27 characters"] = "ABCDEFGHIJKLMNOPQRSTUVWXYZA"
	bad["lower case"] = "abcdefghijklmnopqrstuvwxyz"
	bad["digits that base32 has not"] = "01890189018901890189018901"
	bad["padding"] = "ABCDEFGHIJKLMNOPQRSTUVWX=="
	bad["26 bytes of other letters"] = strings.Repeat("é", 13)
	return bad
}
