package proof_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// clocksMove says whether the wall clock of a process can be moved.
const clocksMove = true

// ahead is by how much the wall clock of this process is ahead of the machine's: whole seconds,
// and the rest in nanoseconds, from 0 to a second. The code below reads it.
var ahead [2]int64

// moveClock sets the wall clock of this process, and of no other, ahead of the machine's by d,
// or behind. The monotonic clock goes on as it was. The Go runtime reads both clocks from the
// function that the kernel maps into each process; from the first call on, that function is
// another one here.
func moveClock(d time.Duration) error {
	if err := replaceClock(); err != nil {
		return fmt.Errorf("moving the clock: %w", err)
	}
	whole := d.Truncate(time.Second)
	if whole > d {
		whole -= time.Second
	}
	atomic.StoreInt64(&ahead[1], int64(d-whole))
	atomic.StoreInt64(&ahead[0], int64(whole/time.Second))
	return nil
}

var clockReplaced atomic.Bool

// replaceClock has the kernel's function jump to movedClock.
func replaceClock() error {
	if clockReplaced.Swap(true) {
		return nil
	}
	at, err := clockFunction()
	if err != nil {
		return err
	}
	page, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	copy(page, movedClock)
	binary.LittleEndian.PutUint64(page[addressAt:], uint64(uintptr(unsafe.Pointer(&ahead))))
	if err := syscall.Mprotect(page, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		return err
	}
	jump := binary.LittleEndian.AppendUint64([]byte{0x48, 0xb8}, uint64(uintptr(unsafe.Pointer(&page[0])))) // mov rax, page
	mem, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	_, err = mem.WriteAt(append(jump, 0xff, 0xe0), at) // jmp rax
	return err
}

// clockFunction returns where the kernel's function is.
func clockFunction() (int64, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		if !strings.HasSuffix(line, "[vdso]\n") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return 0, err
		}
		offset, err := clockSymbol(from, to)
		return from + offset, err
	}
	return 0, errors.New("no vDSO in /proc/self/maps")
}

func clockSymbol(from, to int64) (int64, error) {
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return 0, err
	}
	defer mem.Close()
	image := make([]byte, to-from)
	if _, err := mem.ReadAt(image, from); err != nil {
		return 0, err
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, err
	}
	symbols, err := file.DynamicSymbols()
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			return int64(s.Value), nil
		}
	}
	return 0, fmt.Errorf("no __vdso_clock_gettime (%w)", err)
}

// addressAt is where in movedClock the address of ahead has to be.
const addressAt = 13

// movedClock is clock_gettime(edi, rsi) for linux/amd64, and adds ahead to what the wall clock
// shows.
var movedClock = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, SYS_clock_gettime
	0x0f, 0x05, // syscall
	0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
	0x75, 0x2f, // jnz end
	0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, // mov rcx, &ahead
	0x48, 0x8b, 0x11, // mov rdx, [rcx]
	0x48, 0x01, 0x16, // add [rsi], rdx
	0x48, 0x8b, 0x51, 0x08, // mov rdx, [rcx+8]
	0x48, 0x03, 0x56, 0x08, // add rdx, [rsi+8]
	0x48, 0x81, 0xfa, 0x00, 0xca, 0x9a, 0x3b, // cmp rdx, 1e9
	0x7c, 0x0a, // jl store
	0x48, 0x81, 0xea, 0x00, 0xca, 0x9a, 0x3b, // sub rdx, 1e9
	0x48, 0xff, 0x06, // inc qword [rsi]
	0x48, 0x89, 0x56, 0x08, // store: mov [rsi+8], rdx
	0xc3, // end: ret
}
