package eventtest

import (
	"context"
	"io"
	"log"
	"log/slog"
	"testing"
)

// A PlainHandler writes each record as a line and escapes nothing: the worst handler that slog
// can be given.
type PlainHandler struct{ W io.Writer }

// Enabled implements [slog.Handler].
func (PlainHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h PlainHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.Value.Resolve().String()
		return true
	})
	_, err := io.WriteString(h.W, line+"\n")
	return err
}

// WithAttrs implements [slog.Handler].
func (h PlainHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements [slog.Handler].
func (h PlainHandler) WithGroup(string) slog.Handler { return h }

// UseAsDefault has slog log to h until the test ends, which must not be parallel.
func UseAsDefault(t *testing.T, h slog.Handler) {
	t.Helper()
	logger, out, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(h))
	t.Cleanup(func() {
		slog.SetDefault(logger)
		log.SetOutput(out) // SetDefault redirects package log as well, and does not undo it
		log.SetFlags(flags)
	})
}
