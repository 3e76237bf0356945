// Package cors shows where CORS goes beside a guard: outside of it. A browser sends the preflight
// without credentials, so that a guard around CORS would refuse it.
package cors
