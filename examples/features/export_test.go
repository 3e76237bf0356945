package features

// TOTP is totp.
func TOTP(secret []byte, step int64) string { return totp(secret, step) }
