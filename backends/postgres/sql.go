package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// statements are the statements of a Store with the names of its tables filled in. The
// texts stand next to the methods that send them. All parameters are cast, so that they
// mean the same in every pgx.QueryExecMode.
type statements struct {
	create, confirm, findBySecret, findByID, extend, reauthenticate, revoke string

	rotate, markSeen string

	lockUser, user, lock, supersede string

	list, revokeUser, revokeAll string

	setValue, value, takeValue string

	pages, sweep string

	createUser, userByName, listUsers, setPassword, rehash, setRoles, setDisabled, deleteUser string

	checkUsers string
}

func compile(schema string, users pgx.Identifier) statements {
	sessions, values, own := pgx.Identifier{schema, "sessions"}, pgx.Identifier{schema, "session_values"}, pgx.Identifier{schema, "users"}
	ours := users.Sanitize() == own.Sanitize()
	// A user of somebody else's table has no name that we know of.
	name, lock, turn, mine := "''", "", turnSQL, "CROSS JOIN turn"
	if ours {
		name, lock, turn, mine = "u.name", "FOR SHARE", "", ""
	}
	live := strings.ReplaceAll(liveSQL, "{users}", users.Sanitize())
	fill := strings.NewReplacer(
		"{sessions}", sessions.Sanitize(),
		"{users}", users.Sanitize(),
		"{columns}", sessionColumns,
		"{live}", live,
		"{name}", name,
		"{lock}", lock,
		"{turn}", strings.ReplaceAll(turn, "{schema}", literal(schema)),
		"{my_turn}", mine,
		"{schema}", literal(schema),
		"{values}", values.Sanitize(),
	).Replace
	return statements{
		create:         fill(createSQL),
		confirm:        fill(confirmSQL),
		findBySecret:   fill(findSQL + findBySecretSQL),
		findByID:       fill(findSQL + findByIDSQL),
		extend:         fill(extendSQL),
		reauthenticate: fill(reauthenticateSQL),
		revoke:         fill(revokeSQL),
		rotate:         fill(rotateSQL),
		markSeen:       fill(markSeenSQL),
		lockUser:       fill(lockUserSQL),
		user:           fill(userSQL),
		lock:           lock,
		supersede:      fill(supersedeSQL),
		setValue:       fill(setValueSQL),
		value:          fill(valueSQL),
		takeValue:      fill(takeValueSQL),
		list:           fill(listSQL),
		revokeUser:     fill(revokeUserSQL),
		revokeAll:      fill(revokeAllSQL),
		pages:          fill(pagesSQL),
		sweep:          fill(sweepSQL),
		createUser:     fill(createUserSQL),
		userByName:     fill(userByNameSQL),
		listUsers:      fill(listUsersSQL),
		setPassword:    fill(setPasswordSQL),
		rehash:         fill(rehashSQL),
		setRoles:       fill(setRolesSQL),
		setDisabled:    fill(setDisabledSQL),
		deleteUser:     fill(deleteUserSQL),
		checkUsers:     fill(checkUsersSQL),
	}
}

// liveSQL is backends.Session.Live for a session s at the time $1. An unknown "disabled"
// (NULL) is not false.
const liveSQL = `s.ended_at IS NULL
	AND s.idle_deadline > $1::timestamptz AND s.absolute_deadline > $1::timestamptz
	AND EXISTS (SELECT FROM {users} u WHERE u.id = s.user_id AND u.disabled IS FALSE)`

// turnSQL is a lock on the user's ID that logins share, for the length of a statement.
const turnSQL = `turn AS MATERIALIZED (
	SELECT pg_advisory_xact_lock_shared(hashtextextended({schema} || ' ' || $1::text, 0))
),`

// literal is s as a string constant.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
