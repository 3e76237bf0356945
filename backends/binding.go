package backends

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// A Binding is the public key of a device. The credentials of a bound session are good only with a
// proof that the client has the private key, which stays on the device. A store compares no
// proofs: the packages that read credentials do.
type Binding struct {
	Algorithm string `json:"algorithm"` // of the proofs, as in RFC 7518: ES256, RS256

	// Thumbprint is the SHA-256 thumbprint of the key, RFC 7638, in base64url: 43 characters.
	Thumbprint string `json:"thumbprint"`

	// Key is the public key as a JWK of its required members, in the order of RFC 7638, section
	// 3.2: at most 1024 bytes.
	Key string `json:"-"`

	BoundAt  time.Time `json:"bound_at"`  // when the session was bound
	ProvedAt time.Time `json:"proved_at"` // the last proof that was recorded: see [Binder]
}

const maxKey = 1024 // bytes; of a public key

// Validate reports why no store accepts b: nil, or all mistakes, joined, each naming its field.
// They wrap [ErrInvalidArgument]. That the thumbprint is that of the key is for the caller to see.
func (b *Binding) Validate() error {
	var m mistakes
	m.binding("Binding", b)
	return m.err()
}

func (m *mistakes) binding(field string, b *Binding) {
	m.required(field+".Algorithm", b.Algorithm, maxWord)
	// Strict: each hash has one spelling, and thumbprints are compared as text.
	if hash, err := base64.RawURLEncoding.Strict().DecodeString(b.Thumbprint); err != nil || len(hash) != sha256.Size {
		m.add("%s.Thumbprint is %.80q, want a SHA-256 in base64url", field, b.Thumbprint)
	}
	m.required(field+".Key", b.Key, maxKey)
	m.year(field+".BoundAt", b.BoundAt)
	m.year(field+".ProvedAt", b.ProvedAt)
}

// A Binder binds sessions to the key of a device after they have begun. It is an optional contract
// of a [Store], each of which keeps the Binding that a session begins with.
type Binder interface {
	// Bind binds the session with the ID to the key, if it is live and not bound, and reports
	// whether it did. Of simultaneous calls one binds. It is reported by a [Feed]. Error:
	// ErrInvalidArgument; see [Binding.Validate].
	Bind(ctx context.Context, now time.Time, id string, b Binding) (bool, error)

	// Proved records that the key with the thumbprint was proved at now: ProvedAt moves there,
	// unless it is later already. An unknown or ended session, and one that is bound to another key
	// or to none, is no error. It is no activity, and not reported by a Feed.
	Proved(ctx context.Context, now time.Time, id, thumbprint string) error
}
