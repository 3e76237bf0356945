package features_test

import (
	"strings"
	"testing"
)

func TestSupportActsForACustomerAndIsThenItselfAgain(t *testing.T) {
	s := open(t)
	ann, customer := s.ann()
	sue := s.browser()
	sue.post("/signup", "email", "sue@example.com", "password", "sue likes water").want(303, "/")
	member := s.text(`SELECT id::text FROM people WHERE email = 'sue@example.com'`)
	sue.post("/people/"+customer+"/act").want(403, "page: Not allowed")
	s.exec(`INSERT INTO people_roles VALUES ($1::bigint, 'support')`, member)

	s.anHourPasses()
	sue.post("/people/"+customer+"/act").want(303, "/confirm?next=%2F")
	sue.post("/confirm", "password", "sue likes water").want(303, "/")
	sue.post("/people/"+customer+"/act").want(303, "/account")
	sue.get("/account").want(200, "account of "+customer+", seen by "+member)
	sue.get("/payment").want(403, "page: Not allowed")
	sue.post("/keys", "label", "mine").want(403, "page: Not allowed")
	sue.post("/people/"+customer+"/act").want(403, "page: Not allowed") // she is the customer now
	if list := ann.get("/keys").text; !strings.Contains(list, `"actor":"`+member+`"`) {
		t.Errorf("the customer's list is %s, want the session in which %s acts", list, member)
	}
	ann.get("/account").want(200, "account of "+customer)

	sue.post("/logout").want(303, "/login")
	sue.get("/account").want(200, "account of "+member)
	got := s.text(`SELECT string_agg(type, ' ' ORDER BY at) FROM audit WHERE subject = $1 AND actor = $2`, customer, member)
	if !strings.HasPrefix(got, "acting") || !strings.HasSuffix(got, "acting_ended") {
		t.Errorf("the trail is %q, want it to begin with acting and to end with acting_ended", got)
	}
}

func TestSupportActsForNoOneWhoIsNoCustomerAndNoLongerThanItsOwnSession(t *testing.T) {
	s := open(t)
	_, customer := s.ann()
	sue := s.browser()
	sue.post("/signup", "email", "sue@example.com", "password", "sue likes water").want(303, "/")
	member := s.text(`SELECT id::text FROM people WHERE email = 'sue@example.com'`)
	s.exec(`INSERT INTO people_roles VALUES ($1::bigint, 'support'), ($2::bigint, 'admin')`, member, customer)
	sue.post("/people/"+customer+"/act").want(403, "page: Not allowed")
	sue.post("/people/"+member+"/act").want(403, "page: Not allowed")
	sue.post("/people/0/act").want(404, "page: Not found")
	s.exec(`DELETE FROM people_roles WHERE role = 'admin'`)

	sue.post("/people/"+customer+"/act").want(303, "/account")
	other := s.browser() // in which she changes her password
	other.post("/forgotten", "email", "sue@example.com")
	other.post("/reset", "token", s.token("sue@example.com"), "password", "sue likes wine").want(303, "/login")
	sue.get("/account").want(303, "/login?next=%2Faccount")
}

func TestSupportSeesACustomerWithASecondFactorAndNothingThatAsksForIt(t *testing.T) {
	s := open(t)
	ann, customer := s.ann()
	ann.enrol()
	sue := s.browser()
	sue.post("/signup", "email", "sue@example.com", "password", "sue likes water").want(303, "/")
	member := s.text(`SELECT id::text FROM people WHERE email = 'sue@example.com'`)
	s.exec(`INSERT INTO people_roles VALUES ($1::bigint, 'support')`, member)
	sue.post("/people/"+customer+"/act").want(303, "/account")
	sue.get("/account").want(200, "account of "+customer+", seen by "+member)
	sue.get("/second-factor").want(403, "page: Not allowed")
	sue.post("/code", "code", "000000").want(403, "page: Not allowed")
	sue.post("/confirm", "password", "ann likes tea").want(403, "page: Not allowed")
}
