// Package bound holds tests in a real browser: a session is bound to the device, and a copy of its
// cookies is good for minutes only.
package bound
