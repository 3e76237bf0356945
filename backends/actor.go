package backends

// An Actor is the user who acts as another one in a session: a member of the support team who
// logs in as a customer. The session belongs to the customer; see [Session].UserID.
//
// It is over as soon as the actor's own session is, or the actor has another version. A store
// does not look: package middleware/session does, for each request of such a session.
type Actor struct {
	UserID      string `json:"user_id"`    // of the user who acts
	SessionID   string `json:"session_id"` // the actor's own session
	UserVersion int64  `json:"-"`          // the actor's, when the session began
}

// actor checks the Actor of a session, which may have none.
func (m *mistakes) actor(s *Session) {
	a := s.Actor
	if a == (Actor{}) {
		return
	}
	m.required("Session.Actor.UserID", a.UserID, maxText)
	if !ValidID(a.SessionID) {
		m.add("Session.Actor.SessionID is %.80q, want one from NewID", a.SessionID)
	}
	if a.UserVersion == 0 {
		m.add("Session.Actor.UserVersion is 0, want the actor's")
	}
	if a.UserID != "" && a.UserID == s.UserID {
		m.add("Session.Actor.UserID is Session.UserID, want another user")
	}
	if a.SessionID != "" && a.SessionID == s.ID {
		m.add("Session.Actor.SessionID is Session.ID, want another session")
	}
}
