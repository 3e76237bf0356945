package backends

import (
	"net/netip"
	"time"
)

// A Budget limits the tries that are counted under one name. The first Free tries need not wait.
// After those each has to wait since the one before it: for Wait, then for twice as long each
// time, up to MaxWait.
type Budget struct {
	Name NameHash // what is counted

	Free          int           // at least 1
	Wait, MaxWait time.Duration // at least a microsecond, and MaxWait at least Wait

	// Total is how many tries there are in all, more than Free and at most 1024. Then none is
	// allowed until a success, or until all are forgotten. 0 means no bound.
	Total int

	// Forget is how long a try is remembered: each time that it passes without another one, one is
	// forgotten. Once Total is reached they are forgotten together, Total times Forget after the
	// last. It is at least MaxWait and at most 31 days.
	//
	// It also bounds the store: names that an attacker makes up take up no more rows than there
	// were tries within Forget.
	Forget time.Duration

	// Shared is for what several accounts have in common, such as an address. A success then gives
	// its own turn back and forgets nothing else: otherwise an attacker could log in to an account
	// of their own between guesses at others.
	Shared bool
}

// PerAccount returns a budget for the secret of one account: 5 tries, then waits of a second to an
// hour, 100 in all, one forgotten each day (NIST SP 800-63B-4, section 3.2.2; ASVS 6.3.1). The
// kind says which secret. Of 100 failures the last is possible after three and a half days at
// the earliest, and then the account is shut to guesses for 100 days or until a success. An
// attacker who waits a day between guesses is not shut out.
//
// More parts make a budget of its own, for example for the account on a device it has logged in
// from before: guesses from elsewhere do not touch that one.
func PerAccount(kind, account string, more ...string) Budget {
	return Budget{
		Name: HashName("account", append([]string{kind, account}, more...)...),
		Free: 5, Wait: time.Second, MaxWait: time.Hour, Total: 100, Forget: 24 * time.Hour,
	}
}

// PerAddress returns a budget for a client's network, an IPv4 address or the first 64 bits of an
// IPv6 address, against tries of a few passwords at many accounts: 50 failures, then waits of a
// second to a minute, one forgotten each minute, no bound in all. Many people may share an
// address, so it is a brake and no lock; but one of them that tries all the time can take the turns of
// the others. All clients whose address is not known have the zero Addr in common: leave this budget
// out for them.
func PerAddress(addr netip.Addr) Budget {
	addr = addr.Unmap().WithZone("")
	bits := min(addr.BitLen(), 64)
	prefix, _ := addr.Prefix(bits) // no error: so many bits are there
	return Budget{
		Name: HashName("address", prefix.String()),
		Free: 50, Wait: time.Second, MaxWait: time.Minute, Forget: time.Minute, Shared: true,
	}
}

// maxTries bounds what is counted, and so how long it is remembered.
const maxTries = 1024

// maxBudgets is how many budgets a try may have.
const maxBudgets = 8

// ValidBudgets reports why no store accepts the budgets of a try: nil, or all mistakes, joined,
// each naming its field. They wrap [ErrInvalidArgument]. There are 1 to 8, of different names.
func ValidBudgets(budgets []Budget) error {
	var m mistakes
	if n := len(budgets); n < 1 || n > maxBudgets {
		m.add("a try has %d budgets, want 1 to %d", n, maxBudgets)
	}
	for i, b := range budgets {
		for _, other := range budgets[:min(i, maxBudgets)] {
			if other.Name == b.Name {
				m.add("two budgets of a try have the same name")
			}
		}
		m.hashed("Budget.Name", b.Name)
		m.budget(b)
	}
	return m.err()
}

func (m *mistakes) budget(b Budget) {
	if b.Free < 1 || b.Free > maxTries {
		m.add("Budget.Free is %d, want 1 to %d", b.Free, maxTries)
	}
	if b.Wait < time.Microsecond {
		m.add("Budget.Wait is %v, want at least a microsecond", b.Wait)
	}
	if b.MaxWait < b.Wait {
		m.add("Budget.MaxWait is %v, want at least Budget.Wait, which is %v", b.MaxWait, b.Wait)
	}
	if b.Total != 0 && (b.Total <= b.Free || b.Total > maxTries) {
		m.add("Budget.Total is %d, want 0 for no bound, or more than Budget.Free to %d", b.Total, maxTries)
	}
	if b.Forget < b.MaxWait || b.Forget > 31*24*time.Hour {
		m.add("Budget.Forget is %v, want Budget.MaxWait, which is %v, to 744h", b.Forget, b.MaxWait)
	}
}
