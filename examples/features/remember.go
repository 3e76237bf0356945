package features

import (
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// remember returns l for a session of 30 days if the form says "remember me", and otherwise for one
// that the browser drops when it is closed.
func remember(l middleware.Login, me bool) middleware.Login {
	l.BrowserSession = !me
	if me {
		l.Policy = sliding.AAL1()
	}
	return l
}
