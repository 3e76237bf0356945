package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// statements are the statements of a Store with the names of its tables filled in. Their
// texts stand next to the methods that send them. All parameters are cast, so that they mean
// the same in every pgx.QueryExecMode.
type statements struct {
	create, confirm, find, findAll, extend, reauthenticate, revoke string

	rotate, recover, stolen, markSeen string

	lockUser, user, lock, candidates, supersede string

	list, revokeUser, revokeAll string

	bind, proved string

	setValue, value, takeValue string

	claim, tries, lockTries, saveTries, forgetTries, returnTurn string

	pages, sweep, sweepClaims, sweepAttempts string

	createUser, userByName, listUsers, setPassword, rehash, setRoles, setDisabled, deleteUser string

	changes, keepAnew, mark, sweepChanges, listen string

	checkUsers, triggers string
}

func compile(schema string, users pgx.Identifier) statements {
	sessions, values, own := pgx.Identifier{schema, "sessions"}, pgx.Identifier{schema, "session_values"}, pgx.Identifier{schema, "users"}
	// The application's users have no name that is known here.
	name, lock, turn, mine := "''", "", turnSQL, "CROSS JOIN turn"
	if users.Sanitize() == own.Sanitize() {
		name, lock, turn, mine = "u.name", "FOR SHARE", "", ""
	}
	fragments := strings.NewReplacer(
		"{columns}", liveColumns,
		"{found}", foundColumns,
		"{found_tables}", foundTables,
		"{not_ended}", notEndedSQL,
		"{dead}", deadSQL,
		"{sweep_turn}", sweepTurnSQL,
		"{turn_alone}", lockUserSQL,
		"{user}", userColumns,
		"{open}", openSQL,
		"{live}", liveSQL,
		"{touch}", touchSQL,
		"{lock}", lock,
		"{turn}", turn,
		"{my_turn}", mine,
	)
	names := strings.NewReplacer(
		"{sessions}", sessions.Sanitize(),
		"{users}", users.Sanitize(),
		"{values}", values.Sanitize(),
		"{epochs}", pgx.Identifier{schema, "epochs"}.Sanitize(),
		"{changes}", pgx.Identifier{schema, "changes"}.Sanitize(),
		"{kept}", pgx.Identifier{schema, "changes_kept"}.Sanitize(),
		"{claims}", pgx.Identifier{schema, "claims"}.Sanitize(),
		"{attempts}", pgx.Identifier{schema, "attempts"}.Sanitize(),
		"{name}", name,
		"{schema}", literal(schema),
		"{users_literal}", literal(users.Sanitize()),
		"{changed_literal}", literal(pgx.Identifier{schema, "changed"}.Sanitize()+"()"),
	)
	// Not in one pass: fragments hold names.
	fill := func(sql string) string { return names.Replace(fragments.Replace(sql)) }
	return statements{
		create:         fill(createSQL),
		confirm:        fill(confirmSQL),
		find:           fill(findSQL),
		findAll:        fill(findAllSQL),
		extend:         fill(extendSQL),
		reauthenticate: fill(reauthenticateSQL),
		revoke:         fill(revokeSQL),
		rotate:         fill(rotateSQL),
		recover:        fill(recoverSQL),
		stolen:         fill(stolenSQL),
		markSeen:       fill(markSeenSQL),
		lockUser:       fill(lockUserSQL),
		user:           fill(userSQL),
		lock:           lock,
		candidates:     fill("SELECT s.id, s.kind, s.last_seen_at" + mineSQL + candidatesSQL),
		supersede:      fill(supersedeSQL),
		setValue:       fill(setValueSQL),
		value:          fill(valueSQL),
		takeValue:      fill(takeValueSQL),
		list:           fill("SELECT {columns}" + mineSQL + pageSQL),
		revokeUser:     fill(revokeUserSQL),
		revokeAll:      fill(revokeAllSQL),
		bind:           fill(bindSQL),
		proved:         fill(provedSQL),
		claim:          fill(claimSQL),
		tries:          fill(triesSQL),
		lockTries:      fill(lockTriesSQL),
		saveTries:      fill(saveTriesSQL),
		forgetTries:    fill(forgetTriesSQL),
		returnTurn:     fill(returnTurnSQL),
		pages:          fill(pagesSQL),
		sweep:          fill(sweepSQL),
		sweepClaims:    fill(sweepClaimsSQL),
		sweepAttempts:  fill(sweepAttemptsSQL),
		createUser:     fill(createUserSQL),
		userByName:     fill(userByNameSQL),
		listUsers:      fill(listUsersSQL),
		setPassword:    fill(setPasswordSQL),
		rehash:         fill(rehashSQL),
		setRoles:       fill(setRolesSQL),
		setDisabled:    fill(setDisabledSQL),
		deleteUser:     fill(deleteUserSQL),
		changes:        fill(changesSQL),
		keepAnew:       fill(keepAnewSQL),
		mark:           fill(markSQL),
		sweepChanges:   fill(sweepChangesSQL),
		listen:         "LISTEN " + pgx.Identifier{schema}.Sanitize(),
		checkUsers:     fill(checkUsersSQL),
		triggers:       fill(triggersSQL),
	}
}

const (
	// Not an anti-join: the planner would expect that it leaves one row, and plan for that.
	notEndedSQL = `s.ended_at IS NULL AND s.epoch > (SELECT COALESCE(max(epoch), -1) FROM {epochs})`

	// openSQL is the part of backends.Session.Live that does not ask about the user: for a
	// session s at the time $1.
	openSQL = notEndedSQL + ` AND s.idle_deadline > $1::timestamptz AND s.absolute_deadline > $1::timestamptz`

	// liveSQL is backends.Session.Live for a session s at the time $1. An unknown "disabled"
	// (NULL) is not false.
	liveSQL = openSQL + ` AND EXISTS (SELECT FROM {users} u WHERE u.id = s.user_id AND u.disabled IS FALSE)`

	// touchSQL is backends.Session.Touch for a session s at the time $1.
	touchSQL = `last_seen_at = GREATEST(s.last_seen_at, $1::timestamptz),
	idle_deadline = GREATEST(s.idle_deadline, LEAST(s.absolute_deadline,
		$1::timestamptz + s.idle_timeout * interval '1 microsecond'))`

	// turnSQL is a lock on the ID of a user, $1, that logins share for the length of a statement.
	turnSQL = `turn AS MATERIALIZED (
	SELECT pg_advisory_xact_lock_shared(hashtextextended({schema} || ' ' || $1::text, 0))
),`
)

// literal is s as a string constant.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
