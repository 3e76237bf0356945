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

	list, revokeUser, revokeAll string

	pages, sweep string

	createUser, userByName, listUsers, setPassword, rehash, setRoles, setDisabled, deleteUser string

	checkUsers string
}

func compile(sessions, users, own pgx.Identifier) statements {
	ours := users.Sanitize() == own.Sanitize()
	// A user of somebody else's table has no name that we know of.
	name, lock := "''", ""
	if ours {
		name, lock = "u.name", "FOR SHARE"
	}
	live := strings.ReplaceAll(liveSQL, "{users}", users.Sanitize())
	fill := strings.NewReplacer(
		"{sessions}", sessions.Sanitize(),
		"{users}", users.Sanitize(),
		"{columns}", sessionColumns,
		"{live}", live,
		"{name}", name,
		"{lock}", lock,
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
