package dpop

import "github.com/inga-auth/inga/backends"

// NewMemory returns Claims in memory that remember so many names.
func NewMemory(limit int) backends.Claims { return newMemory(limit) }
