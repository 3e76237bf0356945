package postgres_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// fill adds sessions, numbered from 1, of a tenth as many users, but at least a thousand, and lets
// PostgreSQL count them. See [filled] for the sessions; session n is of the user "user" and n+1,
// modulo their number.
func fill(t testing.TB, f fixture, sessions int) {
	t.Helper()
	users := max(1000, sessions/10)
	exec(t, f.pool, in(f.schema, `INSERT INTO {schema}.users (id, name, password_hash, roles, disabled)
		SELECT 'user' || n, 'user' || n, '', '{user}', false FROM generate_series(1, $1::int) n`), users)
	exec(t, f.pool, in(f.schema, `
		INSERT INTO {schema}.sessions (id, secret_hash, user_id, kind, ip, user_agent, label, amr,
			created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval, idle_deadline, absolute_deadline,
			refresh_generation)
		SELECT translate(upper(left(md5(n::text), 26)), '0189', 'GHIJ'), sha256(n::text::bytea), 'user' || n % $5::int + 1,
			'cookie', '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '', '{pwd}',
			$2::timestamptz, $2::timestamptz, $2::timestamptz, 1800000000, 60000000, $3::timestamptz, $4::timestamptz,
			1
		FROM generate_series(1, $1::int) n`), sessions, t0, t0.Add(30*time.Minute), t0.Add(12*time.Hour), users)
	exec(t, f.pool, in(f.schema, "VACUUM ANALYZE {schema}.sessions, {schema}.users"))
}

// filled returns the ID of session n of [fill] and the hash of its secret.
func filled(n int) (id string, h backends.SecretHash) {
	number := strconv.Itoa(n)
	sum := md5.Sum([]byte(number))
	id = strings.ToUpper(hex.EncodeToString(sum[:]))[:26]
	return strings.NewReplacer("0", "G", "1", "H", "8", "I", "9", "J").Replace(id), sha256.Sum256([]byte(number))
}
