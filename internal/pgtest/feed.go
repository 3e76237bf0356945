package pgtest

import "strings"

// OfFeed reports whether sql is the statement by which a process asks for changes, some times a
// second and whatever requests do. Those who count what a request costs leave it out.
func OfFeed(sql string) bool { return strings.Contains(sql, "pg_visible_in_snapshot") }
