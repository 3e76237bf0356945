package backends_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// A code from a user's authenticator app: tries are slowed, and a code counts once.
func ExamplePerAccount() {
	ctx, now, store := context.Background(), time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC), memory.New()
	verify := func(code string) error {
		tries := backends.PerAccount("totp", "ann")
		if err := store.Attempt(ctx, now, tries); err != nil {
			return err
		}
		if code != "287082" { // the application's own check
			return errors.New("wrong code")
		}
		first, err := store.Claim(ctx, now, backends.HashName("totp", "ann", code), now.Add(2*time.Minute))
		if err == nil && !first {
			err = errors.New("code was used before")
		}
		if err != nil {
			return err
		}
		return store.Succeed(ctx, now, tries)
	}
	fmt.Println(verify("287082"))
	fmt.Println(verify("287082"))
	for range 4 {
		fmt.Println(verify("123456"))
	}
	err := verify("287082")
	var refused *backends.WaitError
	fmt.Println(errors.As(err, &refused), err)
	// Output:
	// <nil>
	// code was used before
	// wrong code
	// wrong code
	// wrong code
	// wrong code
	// true backends: too many attempts: the next is allowed in 1s
}

// A turn that is taken after a wrong answer is too late: tries in parallel have all been answered
// by then.
func ExampleAttempts_incorrect() {
	ctx, now, store := context.Background(), time.Now(), memory.New()
	tries := backends.PerAccount("pin", "ann")
	wrong := func(pin string) bool {
		if pin == "1234" {
			return true
		}
		_ = store.Attempt(ctx, now, tries)
		return false
	}
	right := func(pin string) bool {
		return store.Attempt(ctx, now, tries) == nil && pin == "1234"
	}
	for range 5 {
		wrong("0000")
	}
	fmt.Println(wrong("1234"), right("1234"))
	// Output: true false
}

// Many accounts that are tried from one address slow that address. A success gives back its turn
// and no other, so an account of the attacker's own is no help.
func ExamplePerAddress() {
	ctx, now, store := context.Background(), time.Now(), memory.New()
	address := backends.PerAddress(netip.MustParseAddr("2001:db8::7"))
	for n := range 50 {
		if err := store.Attempt(ctx, now, backends.PerAccount("password", fmt.Sprint(n)), address); err != nil {
			log.Fatal(err)
		}
	}
	if err := store.Succeed(ctx, now, backends.PerAccount("password", "49"), address); err != nil {
		log.Fatal(err)
	}
	neighbour := backends.PerAddress(netip.MustParseAddr("2001:db8::8")) // of the same network
	fmt.Println(store.Attempt(ctx, now, backends.PerAccount("password", "ann"), neighbour))
	fmt.Println(store.Attempt(ctx, now, backends.PerAccount("password", "ann"), neighbour))
	// Output:
	// <nil>
	// backends: too many attempts: the next is allowed in 1s
}

func ExampleHashName() {
	link, again := backends.HashName("reset", "ann", "7"), backends.HashName("reset", "ann", "7")
	fmt.Println(link == again)
	fmt.Println(link == backends.HashName("reset", "ann7"))
	// Output:
	// true
	// false
}

// A link in a mail works once.
func ExampleClaims() {
	ctx, now, store := context.Background(), time.Now(), memory.New()
	ends := now.Add(time.Hour) // from the signed link, like its ID
	for range 2 {
		first, err := store.Claim(ctx, now, backends.HashName("reset", "link-7"), ends)
		if err != nil {
			log.Fatal(err) // it may have been claimed or not: the link must not work
		}
		fmt.Println(first)
	}
	// Output:
	// true
	// false
}

// A claim that ends before the thing itself lets it be used again.
func ExampleClaims_incorrect() {
	ctx, now, store := context.Background(), time.Now(), memory.New()
	link, ends := backends.HashName("reset", "link-7"), now.Add(time.Hour)
	claim := func(at, until time.Time) bool {
		first, err := store.Claim(ctx, at, link, until)
		return first && err == nil
	}
	fmt.Println(claim(now, now.Add(time.Minute)), claim(now.Add(2*time.Minute), ends)) // wrong: right is ends in both
	// Output: true true
}
