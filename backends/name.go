package backends

import (
	"crypto/sha256"
	"encoding/binary"
)

// A NameHash stands for a name that [Claims] or [Attempts] remember: an account, an address, the
// ID of a token. A store never sees the name itself. The hash keeps names out of tables, dumps
// and logs; it hides none that can be guessed, as an address can, so a secret is no such name.
type NameHash [sha256.Size]byte

// HashName returns the hash of a name that consists of the given parts, of any length. The first
// says what kind of name it is, so that names of different kinds never meet:
//
//	backends.HashName("dpop", keyThumbprint, jti)
func HashName(kind string, parts ...string) NameHash {
	// Each length goes before its part: ("a", "bc") and ("ab", "c") are different names.
	text := binary.AppendUvarint(nil, uint64(len(kind)))
	text = append(text, kind...)
	for _, part := range parts {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	return sha256.Sum256(text)
}
