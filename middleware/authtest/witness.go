package authtest

import (
	"net/http"
	"reflect"
	"runtime"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// A witness is a ResponseWriter that notices whether a guard or a handler responds.
//
// The response itself does not say: the application may have its own Denier, and a handler may
// respond in the same way, with middleware.Refuse. But a guard wraps no ResponseWriter, so that
// its method is on the stack when it writes.
type witness struct {
	header  http.Header
	status  int // 0 before the response
	guard   bool
	answers func() // called when the response begins
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

// calledByGuard reports whether the guard around a handler responds, and not a handler that calls
// Refuse.
func calledByGuard() bool {
	pcs := make([]uintptr, 256)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	refusing := false
	for {
		frame, more := frames.Next()
		if refusing {
			// If Handler is inlined, the name of its closure begins with that of its caller.
			return strings.Contains(frame.Function, ".(*Guard).Handler.")
		}
		refusing = frame.Function == refuse
		if !more {
			return false
		}
	}
}

// refuse is the method with which a guard responds. Only package middleware can call it.
var refuse = reflect.TypeFor[middleware.Guard]().PkgPath() + ".(*Config).refuse"
