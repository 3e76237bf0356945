package backendtest_test

import (
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/memory"
)

// A fault is a store with one mistake in it, and the promises that the mistake breaks.
type fault struct {
	store   backends.Store
	breaks  []string
	timeout string // of the test; the suite waits for half of it before it gives up
}

func faults() map[string]fault {
	m := memory.New()
	all := map[string]fault{}
	add := func(name string, store backends.Store, breaks ...string) { all[name] = fault{store, breaks, "2m"} }

	add("overwrites", overwrites{m}, "Store/an ID that is taken is a conflict, and nothing is overwritten")
	add("logs in at any version", anyVersion{m}, "Store/a login that was checked at another version of the user is a conflict")
	add("counts before it locks", countsFirst{m},
		"Store/simultaneous logins leave as many sessions as the limit says",
		"Store/of simultaneous logins as many succeed as the limit says")
	add("ends the wrong device", forgetsDevice{m}, "Store/logging in again from the same device takes the place of its own session")
	add("ends a session before it fails", endsFirst{m}, "Store/a login that fails ends no session", "Store/a session that is not valid is a mistake, and is not created")
	add("repairs a session", repairs{m}, "Store/a session that is not valid is a mistake, and is not created")
	add("calls a mistake an outage", mistakesAreOutages{m},
		"Store/a session that is not valid is a mistake, and is not created",
		"Store/a session that is not valid is a mistake, and does not replace the one that is there",
		"Store/a reason that is not valid is a mistake, and ends nothing")

	add("adopts a secret", adopts{m}, "Store/a session that was never created is not found, and not adopted")
	add("compares no secret", anySecret{m}, "Store/the hash of another secret finds nothing")
	add("always asks for a secret", alwaysSecret{m}, "Store/without a hash the ID alone finds a session")
	add("takes any secret for none", &anySecretForNone{Store: m}, "Store/a session without a secret is found by no hash")
	add("says how a session ended", tellsEnd{m}, "Store/the hash of another secret does not tell how a session ended")
	add("keeps the old secret", &oldSecrets{Store: m}, "Store/the former secret opens nothing, however often it was replaced")
	add("folds IDs", foldsIDs{m}, "Store/IDs are compared exactly")
	add("lives with a disabled user", blindToDisabled{m}, "Store/disabling a user takes effect on the next request")
	add("forgives", &forgives{Store: m}, "Store/a session that was refused because of its user stays over when the user comes back")
	add("refreshes the forgiven", &forgivesRefresh{forgives{Store: m}}, "Rotator/a session whose refresh was refused because of its user stays over when the user comes back")
	add("confirms too late", newConfirmsLate(m), "Store/a login that races a change of its user happens, or ends no session")
	add("lives one tick longer", lateDeadline{m}, "Store/the idle deadline is the first instant at which a session is over")
	add("reads a clock", ownClock{m}, "Store/a session that was created is found, with its user")
	add("shares a slice", &shares{Store: m}, "Store/what Find returned is the caller's own")
	add("answers in local time", localTime{m}, "Store/times come back in UTC, exact to the microsecond")
	add("calls an outage not found", outage{m}, "Store/Find with a context that has ended says nothing about the session")

	add("extends every time", eagerExtend{m}, "Store/any number of requests in an interval are one write")
	add("extends what it saw due", racyExtend{m, newPair()}, "Store/of simultaneous extensions exactly one counts")
	add("extends what has ended", &zombies{Store: m}, "Store/a session that was ended is not extended by a request that found it live")
	add("extends by a timeout that it read before", newStaleTimeout(m), "Store/a renewal that races a shorter policy does not outlast it")
	add("authenticates at any version", anyVersionAgain{m}, "Store/a proof at another version of the user is a conflict, and the session keeps its secret")
	add("authenticates what it saw", racyAgain{m, newPair()}, "Store/of simultaneous calls exactly one wins")
	add("forgets to revoke", lazyRevoke{m}, "Store/a session that was revoked is over, and says when and why")
	add("always says it revoked", proudRevoke{m}, "Store/of simultaneous logouts exactly one ends the session")

	add("rotates a new token", eagerRotate{m}, "Rotator/a token that is newer than overlap and skew is not replaced but answered again")
	add("rotates what it saw current", racyRotate{m, newPair()}, "Rotator/a hundred parallel refreshes with one token see one rotation and one successor")
	add("rotates without a secret", &rotatesAny{Store: m}, "Rotator/the hash of another secret rotates nothing and does not tell how a session ended")
	add("sees nothing", blindRotate{m}, "Rotator/only the current token is marked as seen, once")
	add("lists the dead", listsDead{m}, "SessionLister/only live sessions are listed")
	add("counts what was listed", pagesByOffset{m}, "SessionLister/sessions that are used while pages are read are in no two, and hide no other")
	add("goes on at a time", pagesByTime{m}, "SessionLister/pages of one session each hold all that were seen at the same time")
	add("lists it all", endlessPage{m}, "SessionLister/a list comes in pages, with each session in one", "SessionLister/a page that is not valid is a mistake")
	add("ends one user's", revokesNoOther{m}, "SessionLister/every live session of everyone is ended")
	add("ends the current one too", noException{m}, "SessionLister/a user's other sessions are ended, and counted")
	add("sweeps too early", earlySweep{m}, "Sweeper/a row that expired is kept for the retention, and then removed",
		"Claims/a clock that is less than the retention fast sweeps no claim that holds",
		"Attempts/a clock that is less than the retention fast sweeps no try that counts")
	add("never sweeps", noSweep{m}, "Sweeper/several sweepers at once remove each row once")
	add("remembers for the dead", &ghosts{Store: m}, "Values/the values of a session that is over cannot be read or set")
	add("takes twice", takesTwice{m, newPair()}, "Values/of simultaneous calls one takes the value")
	add("makes another's session the user's own", ownSession{m}, "Store/a session in which another user acts says so, to its end",
		"Store/a session in which another user acts counts in no limit")
	add("limits who acts", limitsActors{m}, "Store/a session in which another user acts ends none, and is refused by no limit")
	add("always binds", alwaysBinds{m}, "Binder/a live session is bound to the key, once")
	add("binds what it saw free", racyBind{m, newPair()}, "Binder/of simultaneous calls one binds")
	add("binds the dead", &bindsDead{Store: m}, "Binder/a session that is over, or was never there, is not bound",
		"Binder/the session of a disabled or deleted user is not bound", "Binder/a logout wins over a binding in flight")
	add("begins free", beginsFree{m}, "Binder/a session that began bound is not bound to another key", "Store/every field of a session is kept")
	add("stays bound", staysBound{m}, "Store/proving identity again gives a new secret and a new start, in the same session")
	add("takes any key", provesAny{m}, "Binder/a recorded proof moves forward only, and only for the key of the session")
	add("proves for the dead", &provesDead{Store: m}, "Binder/a proof is not recorded for a session that is over")
	add("frees by use", &freedByUse{Store: m}, "Binder/activity and rotation leave the binding as it is")
	add("ignores bad keys", ignoresBadKeys{m}, "Binder/a binding that is not valid is a mistake, and binds nothing")
	add("binds anyway", bindsAnyway{m}, "Binder/a binding with a context that has ended changes nothing")
	add("binds silently", &bindsSilently{Store: m}, "Feed/whatever ends a session, or changes its user, is reported")
	add("reports proofs", &tellsProofs{gossip{Store: m}}, "Feed/mere activity is not reported")
	add("claims what it saw free", racyClaim{m, newPair()}, "Claims/of simultaneous claims one gets the name")
	add("claims one tick longer", endlessClaim{m}, "Claims/a name may be claimed again at the end of its claim, and no sooner")
	add("prolongs a claim", lastClaim{m}, "Claims/a claim that is refused changes nothing")
	add("counts what it refuses", countsRefused{m}, "Attempts/a try that is refused does not count and makes no wait longer")
	add("takes turns one by one", oneByOne{m}, "Attempts/a try that one budget refuses takes no turn from the others")
	add("loses a count", &losesACount{Store: m}, "Attempts/of simultaneous tries as many get a turn as are free",
		"Attempts/of simultaneous tries with several budgets as many get a turn as all have")
	add("forgets an address", sharesNothing{m}, "Attempts/a success gives one turn back to a shared budget")
	add("never forgets", forgetsNothing{m}, "Attempts/a success makes the budget whole again")
	add("trusts its caller", trustsBudgets{m}, "Attempts/budgets that are not valid are a mistake, and count nothing")
	add("reports nothing", mute{m}, "Feed/whatever ends a session, or changes its user, is reported")
	add("reports activity", &gossip{Store: m}, "Feed/mere activity is not reported")
	all["calls no subscriber"] = fault{noCalls{m}, []string{"Subscriber/a subscriber is called after each change of the user or a session"}, "8s"}
	all["calls one subscriber"] = fault{&oneSubscriber{Store: m}, []string{"Subscriber/every subscriber is called"}, "8s"}
	add("calls a subscriber for ever", endlessCalls{m}, "Subscriber/a subscriber that stopped is not called again")
	add("finds the enabled only", findsEnabled{m}, "UserFinder/a user is found by ID, disabled or not")

	user := func(name string, with func(backends.Users) backends.Users, breaks ...string) {
		add(name, withUsers{m, with}, breaks...)
	}
	user("changes a password only", func(u backends.Users) backends.Users { return passwordOnly{u} },
		"UserStore/a login that races a new password does not survive it",
		"UserStore/an authentication that races a new password does not survive it")
	user("sets any password", func(u backends.Users) backends.Users { return anyPassword{u} },
		"UserStore/a new password for another version of the user is a conflict and changes nothing")
	user("folds names", func(u backends.Users) backends.Users { return foldsNames{u} }, "UserStore/names are compared exactly")
	user("takes the empty name once", func(u backends.Users) backends.Users { return oneUnnamed{u} },
		"UserStore/a user without a name is found by none, and there may be many")
	user("checks no hash", func(u backends.Users) backends.Users { return anyHash{u} },
		"UserStore/a user, a role or a password hash that is not valid is a mistake, and changes nothing")
	add("ends the sessions that it saw", newEndsSeen(m), "UserStore/a login that races a new password does not survive it")
	return all
}

// A pair makes two simultaneous calls do the same step before either goes on: the first call
// waits for the second. So a store that checks and acts in two steps fails every time, and not
// when the scheduler happens to switch between them. Meet reports whether a call is one of the two.
type pair struct {
	calls  atomic.Int32
	second chan struct{}
}

func newPair() *pair { return &pair{second: make(chan struct{})} }

func (p *pair) meet() bool {
	n := p.calls.Add(1)
	switch n {
	case 1:
		<-p.second
	case 2:
		close(p.second)
	}
	return n <= 2
}

// faultEnv names the fault that TestFaultyStore is to run with.
const faultEnv = "BACKENDTEST_FAULT"

func TestTheSuiteFindsFaults(t *testing.T) {
	for name, f := range faults() {
		for _, promise := range f.breaks {
			t.Run(name+", "+promise, func(t *testing.T) {
				t.Parallel()
				run := "^TestFaultyStore$/^" + strings.ReplaceAll(promise, "/", "$/^") + "$"
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.timeout="+f.timeout)
				cmd.Env = append(os.Environ(), faultEnv+"="+name)
				out, err := cmd.CombinedOutput()
				want := "--- FAIL: TestFaultyStore/" + strings.ReplaceAll(promise, " ", "_")
				if err == nil || !strings.Contains(string(out), want) {
					t.Errorf("error %v, output:\n%s\nwant a line %q", err, out, want)
				}
			})
		}
	}
}

func TestFaultyStore(t *testing.T) {
	name := os.Getenv(faultEnv)
	if name == "" {
		t.Skip("run by TestTheSuiteFindsFaults")
	}
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		return backendtest.Harness{Store: faults()[name].store}
	})
}
