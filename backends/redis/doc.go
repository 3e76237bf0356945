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
// # Users of your own
//
// This store reads no table of yours. Create each user here as well, when they sign up and, once, those
// that there are: with the ID of your table, the name that they log in with, their roles, and their
// password hash as it is. Package password verifies those of bcrypt, too.
//
//	err := store.Users().CreateUser(ctx, backends.User{ID: "42", Name: "ann@example.com", Roles: roles}, hash)
//
// Check passwords with store.Users(), and change roles, passwords and Disabled there: that ends the
// sessions that have to end, and is announced. Your table keeps the rest. A user's Version is the
// store's own: with that of another table a Login is refused, except where the two are equal by chance.
// Package postgres can read your table instead.
//
// # What a failover may undo
//
// A replica follows its master with a delay. When it takes the master's place, what it does not have
// yet has never been: a session that ended lives again. With Config.Confirm, each end waits until as
// many replicas have it (WAIT). Fewer, and the call returns [backends.ErrUnconfirmed], which a client
// sees as 503 and not as success. The end is in force then, and the same call again confirms it. What
// was lost with the answer is not had again: a new session or secret, or a key that was bound, whose
// user has to log in, a name that was claimed, a value that was taken. Ends are all after which
// something must not come back: logout, revocation, a limit, a new secret or password, other roles, a
// rotation, the binding to a key, a claim, a value that is taken.
//
// A cluster prefers the replica that has most, but need not get it: with Config.Confirm as high as a master
// has replicas it does not matter which of them takes over. WAIT is about the memory of replicas, not
// their disks.
//
// A single server forgets as well: with appendonly no, a restart brings back what the last snapshot
// had, or logs everyone out.
//
// Set min-replicas-to-write on the masters of a cluster: a master that is cut off then stops taking
// logins that a failover would lose. [Store.Check] names settings that make a promise hold less.
//
// Eviction (maxmemory-policy other than noeviction) logs users out at random and is an error of Check.
// When memory is full with noeviction, logins, new users, values, claims and attempts fail, and
// everything can be ended. FLUSHALL logs everyone out, deletes the users, and lets what was claimed be
// claimed again.
//
// A master that was suspended (a virtual machine, say), and has been replaced meanwhile, answers from
// what it knew until it has noticed: for some milliseconds after it goes on. So may one that is slow to
// answer a request, for up to Config.Timeout. A session that was ended meanwhile can be let pass once
// more then, and for MaxLag where a cache read it. While it is suspended, its users get errors until
// the client gives the connection up, which is rueidis.ClientOption.ConnWriteTimeout: 10 seconds by
// default, and 2 are enough.
//
// # What holds where
//
// What the tests do to a store, and what is left. "Crash" is that of the process (SIGKILL); one of the
// machine, at appendfsync everysec, loses what changed in the last second or so, and no test can show
// that. "If copied": if the replica that takes over had it.
//
//	                              memory       PostgreSQL   one Redis             cluster, Config.Confirm
//	                                                        with appendonly yes   1            0
//	an end holds after a crash    no           yes (1)      yes (2)               yes (3)      if copied (4)
//	a rotation, a claim           no           yes (1)      yes (2)               yes (3)      if copied (4)
//	a login, a new user           no           yes (1)      yes (2)               if copied (5)
//	too few replicas              -            -            -                     error (6)    no error (4)
//	a limit, logins at once       exact (7)    exact (7)    exact (7, 8)          exact (7, 9)
//	an end is noticed elsewhere   -            MaxLag (10)  MaxLag (11)           MaxLag (12), but see above (13)
//	while a server is down        -            503 (14)     503 (2)               503 for a part of the users (5, 15)
//	memory is full                -            -            ends alone (16)
//
//	(1)  TestAfterAKilledServerStartsAgainEndsRotationsAndClaimsHold of package postgres
//	(2)  TestAfterAKilledServerStartsAgainAnEndHoldsIfItWasAppended, at appendfsync always and everysec
//	(3)  TestAnEndThatIsConfirmedHoldsAfterAFailover, TestModelOnACluster of examples/proof
//	(4)  TestWithoutConfirmationAFailoverMayUndoAnEnd
//	(5)  TestWhateverHappensToTheClusterEndsHoldAndNobodyIsLoggedOut
//	(6)  TestAnEndThatNoReplicaHasIsAnErrorAndAFailoverMayUndoIt,
//	     TestAnEndThatTooFewReplicasHaveIsInForceAndReportedAndARepetitionConfirmsIt
//	(7)  package backendtest, which each backend passes
//	(8)  TestFiftyLoginsFromTwoProcessesLeaveAsManySessionsAsTheLimitSays
//	(9)  TestWhileSlotsAreMovedTheLimitHolds
//	(10) TestLag of examples/proof
//	(11) TestAListenerHearsOfChangesOnAllMastersBeforeItIsUpToDate, TestAfterFLUSHALLAnythingMayHaveChanged
//	(12) TestLagOnACluster of examples/proof, TestNoChangeIsMissedWhateverHappensToTheCluster
//	(13) TestAMasterThatWasReplacedWhileItWasPausedNoticesBeforeLong
//	(14) TestOutage of examples/proof
//	(15) TestWhileAMasterIsPausedItsUsersGetAnErrorInTimeAndOthersAreServed
//	(16) TestWhenMemoryIsFullNobodyLogsInAndEverythingCanBeEnded
//
// Behind Sentinel the same holds as for a cluster: TestBehindSentinelAnEndHoldsAndIsHeardAfterAFailover.
//
// # Changes are announced
//
// Each script that changes what a look-up finds of a user announces it, and Redis sends that to the
// processes that track such keys (CLIENT TRACKING ON BCAST), within a millisecond as a rule.
// Activity, a refresh and a login that ends nothing are not announced, nor is what an operator does to
// keys by hand: MaxAge of a cache bounds that.
//
// [Store.Watch], which package cache uses, has a connection of its own to each master. It asks on each of
// them, four times in MaxLag, who the masters are, and relies on the answers only if all are the same
// and as before. A failover, a lost connection or a master that does not answer end the Watch; package
// cache begins another, and reads sessions again until that listens. While slots are being moved there
// is none, and each session is read again every MaxLag.
//
// With Sentinel, Watch relies on the client to hear which server is the master. If the client does not, and
// the former master goes on, MaxAge is the bound.
//
// # How much one carries
//
// In microseconds of the server's processors for one operation, with 64 clients, and with 1 in
// parentheses. BenchmarkServerTime of this package and of package postgres prints the numbers; these
// are of PostgreSQL 15 and Redis 7.0 on two busy cores. PostgreSQL is that cheap in a crowd because
// look-ups that wait share a statement; it uses as many cores as there are, and Redis one.
//
//	                 PostgreSQL   Redis, in memory   everysec   always   cluster, confirmed (masters)
//	look-up             5 (26)             3 (11)          4        3                  4
//	activity           43 (30)            13              15       20                 22
//	refresh            51                 15              18       23                 54
//	login              52 (38)            22 (27)         21       29                 31
//	login, limited    460                 41              47       57                 87
//	logout             58 (30)            13 (22)         16       16                 52
//
// A core that does nothing else is full with:
//
//	                 PostgreSQL, each core   one Redis          a cluster, each master
//	requests         38 000 to 200 000       90 000 to 250 000  90 000 to 250 000
//	logins           20 000, limited 2 000   45 000, 20 000     30 000, 11 000
//	revocations      17 000 to 33 000        45 000 to 60 000   19 000
//
// A cluster of N masters carries N/1.3 times that (see Keys). A cache takes the requests away, whatever is
// behind it: each process then reads a session once in MaxAge.
//
// The fan-out of changes does not give way first. TestEachOfAThousandProcessesHearsOfAllChanges has as
// many connections track one server; a change that is alone costs it 4 to 6 µs for each process,
// and changes that come while Redis is busy share a message:
//
//	processes   changes/s   of one core   µs for each change
//	       10         100           1 %                  130
//	      100         100           5 %                  501
//	    1 000         100          15 %                1 606
//	      100       1 000          24 %                  238
//	    1 000       1 000          14 %                  142
//
// The questions of Watch cost each master of a cluster of six nodes 29 µs: 2 % of a core with 1 000
// processes and MaxLag 5 s. They grow with the number of nodes.
//
// What gives way first, and when to move on:
//
//   - One PostgreSQL: connections, of which each process has a pool, and then processor time of
//     requests. Put package cache before it when requests are a quarter of its load.
//   - PostgreSQL with caches: writes, which are logins, refreshes and activity, with a synced WAL record
//     each, and the readings of feeds: 4 to 10 a second from each process. Move to Redis when sessions
//     are half of what the database does, or there are hundreds of processes.
//   - One Redis: its only core, at the numbers above; memory, with 600 bytes for a session; and that
//     everyone gets 503 while it restarts. Move to a cluster at half a core at peak, or for the last.
//   - A cluster: the fullest master; and a network round trip more for each end that is confirmed. Add
//     masters; slots move while it serves.
//
// Passwords cost more than all of this: a login with Argon2id takes tens of milliseconds of a core of
// the application.
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
// [backends.Retention] after their end or deadline. It is told how long, and not until when, so the two
// may differ by any amount. A clock of Redis that jumps forward by more than that while it runs logs users
// out. [Store.Sweep] reads all sessions and need not be called. Scripts compute with 53 bits: from the
// year 2255 on, an idle deadline that activity moves may be off by some microseconds.
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
// With a user agent of 100 bytes a session takes 530 bytes where its user has ten, and 630 where it is the
// only one: 408 for its key and the string with its row, some 80 for the entries in the tables of keys
// and of expiries, and the rest for the list of the user's sessions. A user takes 540 bytes.
//
// # Rights
//
// A user of Redis for the store needs these, with the prefix of Config:
//
//	ACL SETUSER web on >secret resetkeys ~inga:* resetchannels -@all +@read +@write +@connection +@scripting -@dangerous +wait +role +info +config|get +cluster|slots +cluster|shards +cluster|nodes +cluster|info
package redis
