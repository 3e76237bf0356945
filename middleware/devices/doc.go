// Package devices lets users see where they are logged in and end sessions that they do not
// recognize, and lets administrators do the same for others.
//
//	d, err := devices.New(sessions) // the registry, from package middleware/session
//
//	mux.Handle("GET /sessions", private(d.List())) // in pages: ?after= is the next of the page before
//	mux.Handle("DELETE /sessions/{id}", fresh(d.End()))
//	mux.Handle("DELETE /sessions", fresh(d.EndAll())) // ?others keeps the one of the request
//
// private is a chain with a guard, and fresh one whose guard requires [middleware.Fresh]: OWASP
// ASVS 5.0, requirement 7.5.2, asks for a recent authentication before sessions are ended.
// Since a cookie is sent along by itself, the guard also refuses other sites' requests.
//
// [Devices.Of] makes the same handlers about another user, for administrators:
//
//	of := d.Of(func(r *http.Request) string { return r.PathValue("user") })
//	mux.Handle("GET /users/{user}/sessions", admins(of.List()))
//
// The methods that take a context are the same without HTTP, for jobs and commands.
//
// A device is a session without any credential: what is listed opens nothing. The ID of another
// user's session is not found, like one that never existed. A label like "Firefox on Linux" is
// derived from the user agent, and both are only what the client said of itself.
package devices
