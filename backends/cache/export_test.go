package cache

// For the tests of package cache_test.

// Weight returns the weight of all entries, in bytes.
func (s *Store) Weight() uint64 { return s.table.WeightedSize() }

// Entries returns how many entries there are.
func (s *Store) Entries() int { return s.table.EstimatedSize() }

// MaxWeight returns the weight that all entries may have, in bytes.
func (s *Store) MaxWeight() uint64 { return s.table.GetMaximum() }
