package password

import (
	"context"
	"net/netip"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A Client says where a login comes from, so that tries by others do not keep a user out. The zero
// value knows nothing.
type Client struct {
	// Address is the client's, as clientip.Of returns it. Tries at many accounts from one network
	// are slowed together; see [backends.PerAddress]. The zero value is counted at the account only.
	Address netip.Addr

	// Device is what the client proved to be; see [Device].
	Device Device
}

// A Device is one that a user has logged in from before (OWASP calls its cookie a device cookie).
// Tries from it have a budget of their own. So an attacker who uses up the tries at an account
// keeps its user out of new devices only, and not out of those that are known.
//
// It proves something only if the client cannot write it. After a login, put a Device with the
// name that was typed and a random ID into a cookie that is sealed and lasts for months, and pass
// on what comes back in it. Within a session the session is proof enough, with its ID in place of a
// random one.
type Device struct {
	Name string `json:"name"` // of the user, as it is passed to VerifyUser; for any other it is unknown
	ID   string `json:"id"`   // random, for example from rand.Text
}

// knows reports whether the device is one of the user with that name. Without the name, an
// attacker could use a device of their own account against every other one.
func (d Device) knows(name string) bool { return d.ID != "" && d.Name == name }

const kind = "password"

func (c Client) budgets(name string) []backends.Budget {
	if !backends.ValidText(name) {
		name = "" // no user has it, however long it is
	}
	if c.Device.knows(name) {
		return []backends.Budget{backends.PerAccount(kind, name, "device", c.Device.ID)}
	}
	budgets := []backends.Budget{backends.PerAccount(kind, name)}
	if c.Address.IsValid() {
		budgets = append(budgets, backends.PerAddress(c.Address))
	}
	return budgets
}

// take takes a turn for a try, before anything is looked up or hashed. The returned function
// reports a success.
func (h *Hasher) take(ctx context.Context, name string, c Client) (succeed func() error, err error) {
	if !h.made() {
		return nil, errNotMade
	}
	if h.attempts == nil {
		return func() error { return nil }, nil
	}
	budgets := c.budgets(name)
	if err := h.attempts.Attempt(ctx, time.Now(), budgets...); err != nil {
		return nil, err
	}
	return func() error { return h.attempts.Succeed(ctx, time.Now(), budgets...) }, nil
}

// Unlock allows logins with the name from new devices again, whatever was tried before: call it
// after the user has set a new password by a link in a mail, for example. Devices that are known
// keep their own count.
func (h *Hasher) Unlock(ctx context.Context, name string) error {
	if !h.made() {
		return errNotMade
	}
	if h.attempts == nil {
		return nil
	}
	return h.attempts.Succeed(ctx, time.Now(), backends.PerAccount(kind, name))
}
