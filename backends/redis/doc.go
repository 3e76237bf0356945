// Package redis keeps sessions, and the users that they are of, in Redis 7 or newer: one server,
// Sentinel, or a cluster of any size. It is a module of its own.
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:6379"}, DisableCache: true})
//	store, err := redis.New(redis.Config{Client: client})
//	warnings, err := store.Check(ctx) // at every start
//
// The client's own cache is not used: put package cache before the store. TLS, a user of Redis and
// their password, and Sentinel are options of the client.
//
// # What a failover may undo
//
// A replica follows its master with a delay. When it takes the master's place, what it does not have
// yet has never been: a session that ended lives again. With Config.Confirm, each end waits until as
// many replicas have it (WAIT). Fewer, and the call returns [backends.ErrUnconfirmed], which a client
// sees as 503 and not as success. The end is in force then, and the same call again confirms it. Ends
// are all that must not come back: logout, revocation, a limit, a new secret or password, other
// roles, a rotation, a claim, a value that is taken.
//
// A cluster prefers the replica that has most, but need not get it: with Config.Confirm as high as a master
// has replicas it does not matter which of them takes over. WAIT is about the memory of replicas, not
// their disks.
//
//	                                        one server is killed          a master of a cluster is killed
//	                                        appendonly yes      no        Confirm 1      Confirm 0
//	an end stays an end                     yes                 no        yes            if the replica had it
//	a limit, a rotation, a claim stay       yes                 no        yes            if the replica had them
//	a session that began lives              yes                 no        if the replica had it
//	an attempt stays counted                yes                 no        if the replica had it
//	requests meanwhile                      503                 503       503 for the users of that master
//
// With appendonly no, a restart brings back what the last snapshot had, or logs everyone out. If the
// machine crashes, and not just the process, appendfsync everysec loses what the last second or so
// changed, and always does not.
//
// Set min-replicas-to-write on the masters of a cluster: a master that is cut off then stops taking
// logins that a failover would lose. [Store.Check] names settings that make a promise hold less.
//
// Eviction (maxmemory-policy other than noeviction) logs users out at random and is an error of Check.
// When memory is full with noeviction, logins, new users, values, claims and attempts fail, and
// everything can be ended. FLUSHALL logs everyone out, deletes the users, and lets what was claimed be
// claimed again.
//
// A master that was suspended, and has been replaced meanwhile, answers from what it knew until it has
// noticed. So may one that is slow to answer a request, for up to Config.Timeout.
//
// # Keys
//
// All that belongs to a user has one hash tag, which is the first two letters of the place in their
// sessions' IDs (see [backends.Place]): what changes several keys is a script in one slot, and a look-up
// is three reads of it in one round trip. Names of users, claims and attempts have keys of their own.
// The comments in keys.go say which there are.
//
// There are 1024 hash tags. Up to 30 masters, the fullest has at most 1.3 times its share; with 100, 1.6
// times. That is so that [Store.RevokeAll] has few keys to write: one for each tag, by which all
// look-ups notice. On an error it may have ended the sessions of some tags only, as a cluster has no
// transaction over slots; the same call again ends the others.
//
// A look-up reads all users of the session's place, because a session's ID names no user. There are 2^20
// places, so that is one or two users for up to a million, and eleven, a kilobyte, for ten million.
//
// While a slot is moved to another node its sessions are found, and every change waits for the end of
// the move, or fails after Config.Timeout.
//
// # Time
//
// The application's clock decides, as for every store. Redis removes rows by its own, at the earliest
// [backends.Retention] after their deadline. It is told how long, and not until when, so the two may
// differ by any amount. A clock of Redis that jumps forward by more than that while it runs logs users out.
// [Store.Sweep] reads all sessions and need not be called.
//
// # Cost
//
// In round trips, of which each is one pipeline or one script. The time is that of a processor of the
// server, with ten sessions for each user and one client; it is less in a crowd, as the client then
// sends commands together. TestASessionTakesLessThan700BytesAndItsCostDoesNotGrow prints this table.
//
//	                                 round trips   µs at 10 000, 1 000 000, 5 000 000 sessions
//	look-up                                    1     12     17     18
//	activity, once in the interval             1     24     39     30
//	login that ends one of 11                  2     67    105     94
//	list of 10 sessions                        2     37     58     46
//	logout                                     1     27     36     32
//	end of a user's 9 sessions                 1     83    127    112
//
// A refresh, its replay, a re-authentication, a login without a limit, a claim and a value are one round
// trip, an attempt and its success two each, and a look-up of a user by name two. More than 250 sessions of
// a user end at once all the same, and are marked and counted in further round trips. A script that a
// server does not know takes another one, the first time.
//
// With a user agent of 100 bytes and ten sessions for each user, 1 000 000 sessions take 586 bytes each:
// 408 for the key and the string with the row, 88 for the entries in the tables of keys and of
// expiries, 52 in the list of the user, and the rest for users.
//
// # Rights
//
// A user of Redis for the store needs these, with the prefix of Config:
//
//	ACL SETUSER web on >secret resetkeys ~inga:* resetchannels -@all +@read +@write +@connection +@scripting -@dangerous +wait +role +info +config|get +cluster|slots +cluster|shards +cluster|nodes +cluster|info
package redis
