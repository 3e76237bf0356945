package backends

import (
	"context"
	"time"
)

// Claims gives each name to the first call that asks for it: for what must be used once at most,
// such as a link in a mail, a TOTP code (RFC 6238, section 5.2) or the jti of a proof (RFC 9449,
// section 11.1). It is an optional contract of a [Store].
//
// Verify first, then claim: a name that anyone can make up costs a row until it is swept. And
// claim before acting: an error means that the name may have been claimed or not, so the request
// must not go on.
type Claims interface {
	// Claim reports whether the name is the caller's. It is if no call has claimed it before, in
	// any process, or the time until which it was claimed is at or before now. Of simultaneous
	// calls one gets it.
	//
	// until should be when the thing itself is no longer accepted by any server, clock differences
	// included: from then on the name may be claimed again. If until is not after now the answer
	// is false, and nothing is claimed. Error: ErrInvalidArgument; see [ValidClaim].
	Claim(ctx context.Context, now time.Time, name NameHash, until time.Time) (bool, error)
}

// ValidClaim reports why no store accepts a claim of the name until that time: nil, or an error
// that wraps [ErrInvalidArgument]. The name must come from [HashName], and the year be 1970 to
// 9999.
func ValidClaim(name NameHash, until time.Time) error {
	var m mistakes
	m.hashed("name of a claim", name)
	m.year("until", until)
	return m.err()
}

func (m *mistakes) hashed(field string, name NameHash) {
	if name == (NameHash{}) {
		m.add("%s is zero, want one from HashName", field)
	}
}
