// Package siblings holds a test in a real browser: what a subdomain can plant beside the session
// cookie neither logs its visitors in as somebody else, nor shuts them out, nor keeps them from
// logging out.
package siblings
