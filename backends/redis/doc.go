// Package redis keeps sessions and users in Redis 7 or newer: one server, Sentinel or a cluster.
package redis
