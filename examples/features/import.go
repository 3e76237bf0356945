package features

import "context"

// Import adds a person of the former system, with the hash that bcrypt made of their password there.
// They log in with it, and VerifyUser replaces the hash when they do.
func (p *People) Import(ctx context.Context, email, bcrypt string) (id string, err error) {
	return p.Create(ctx, email, bcrypt)
}

// Rehash replaces a hash by a stronger one of the same password, unless the password has changed
// meanwhile.
func (p *People) Rehash(ctx context.Context, id, old, hash string) error {
	_, err := p.db.Exec(ctx, `UPDATE people SET password_hash = $3 WHERE id::text = $1 AND password_hash = $2`, id, old, hash)
	return err
}
