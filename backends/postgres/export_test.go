package postgres

// SweepChanges is what Sweep does with the changes of the feed.
var SweepChanges = (*Store).sweepChanges
