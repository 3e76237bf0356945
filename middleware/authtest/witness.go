package authtest

import (
	"net/http"
	"reflect"
	"runtime"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// A witness is the ResponseWriter of an anonymous request, and sees who answers it.
//
// Nothing in an answer tells that of a guard from that of a handler: the application may have
// a Denier of its own, and a handler may refuse with the same words, by middleware.Refuse. A
// guard wraps no ResponseWriter, so that what it writes is written from within its own method,
// and that is on the stack.
type witness struct {
	header  http.Header
	status  int // 0 if nobody has answered yet
	guard   bool
	answers func() // called with the first answer
}

func newWitness(answers func()) *witness {
	return &witness{header: http.Header{}, answers: answers}
}

// Header implements [http.ResponseWriter].
func (w *witness) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *witness) WriteHeader(status int) {
	if w.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.guard = status, calledByGuard()
	w.answers()
}

// Write implements [http.ResponseWriter].
func (w *witness) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(p), nil
}

// Flush implements [http.Flusher].
func (w *witness) Flush() { w.WriteHeader(http.StatusOK) }

// calledByGuard reports whether the guard that wraps a handler is who answers, and not a
// handler that asks a guard to.
func calledByGuard() bool {
	pcs := make([]uintptr, 256)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	refusing := false
	for {
		frame, more := frames.Next()
		if refusing {
			// What Handler returns is named after its caller too, where Handler is inlined.
			return strings.Contains(frame.Function, ".(*Guard).Handler.")
		}
		refusing = frame.Function == refuse
		if !more {
			return false
		}
	}
}

// refuse is how a guard answers, which only package middleware can call.
var refuse = reflect.TypeFor[middleware.Guard]().PkgPath() + ".(*Guard).refuse"
