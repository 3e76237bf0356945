package cache

// What the tests of package cache_test see and nobody else does.

// Weight returns what the store counts its items as, in bytes.
func (s *Store) Weight() uint64 { return s.table.WeightedSize() }

// Items returns how many items there are.
func (s *Store) Items() int { return s.table.EstimatedSize() }
