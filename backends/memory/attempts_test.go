package memory_test

import (
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// An attacker tries names that they make up.
func TestAMillionNamesTakeBoundedMemoryAndFreeNoAccountThatIsUnderAttack(t *testing.T) {
	s, now := memory.New(), noon()
	ann := backends.PerAccount("password", "ann")
	for range 5 {
		if err := s.Attempt(t.Context(), now, ann); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := heap()
	made := backends.PerAccount("password", "")
	for n := range uint64(1_000_000) {
		binary.BigEndian.PutUint64(made.Name[:], n+1)
		if err := s.Attempt(t.Context(), now, made); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := heap()
	if after > before+64<<20 {
		t.Errorf("the names take %d MiB, want at most 64", (after-before)>>20)
	}
	if err := s.Attempt(t.Context(), now, ann); !errors.Is(err, backends.ErrTooManyAttempts) {
		t.Errorf("the account under attack: error %v, want ErrTooManyAttempts", err)
	}
	if _, err := s.Sweep(t.Context(), now.Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Attempt(t.Context(), now, ann); !errors.Is(err, backends.ErrTooManyAttempts) {
		t.Errorf("the account after a sweep: error %v, want ErrTooManyAttempts", err)
	}
	runtime.KeepAlive(s)
}
