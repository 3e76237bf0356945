// Package proof tests what the other packages promise about many processes on one database, with
// everything real: PostgreSQL, server processes, HTTP, and a network and a database that break. It
// has no code but these tests:
//
//   - TestLag measures how long a revocation takes to reach the other processes, and fails if
//     a request that began more than cache.Config.MaxLag after it was let pass: MaxAge where the
//     feed cannot know, as when a trigger is missing.
//   - TestAnAnswerFromBeforeARevocationIsNotBelievedAfterIt delays the database's answer about a
//     session until after the session is revoked.
//   - TestOutage breaks the database under load: no request waits for the end of the outage, no
//     session is lost, none that was revoked passes, and afterwards everything is as before.
//   - TestModel has many clients log in and out, refresh and be revoked, in several tabs, with
//     answers that are late, lost or cut, while the feeds come and go, and compares each answer with
//     what a model allows.
//   - TestModelOnACluster and TestLagOnACluster are the same on a Redis Cluster, whose nodes are killed,
//     paused and replaced, and whose slots are moved, meanwhile.
//
// By default they are short. To measure for longer, or to repeat a run:
//
//	go test ./examples/proof -run TestLag -count 1 -v -timeout 1h -args -lag 5s -age 1m -stop 30s -samples 300 -plot lag.svg
//	go test ./examples/proof -run TestModel -count 1 -v -timeout 1h -args -for 10m -seed 42
//
// Each run prints its seed. The same seed makes the same choices; their timing is up to the machine.
package proof
