package social

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

// A Site is what the handlers need.
type Site struct {
	Users    backends.Users
	Cookies  *cookie.Cookies
	Guard    *middleware.Guard
	Logins   *callback.Logins
	Provider *oauth2.Config
	UserInfo string // a URL of the provider
}

// Handler returns the site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("/callback", s.callback) // GET or POST: callback.Config.FormPost says which
	mux.Handle("/", s.Guard.Optional(http.HandlerFunc(home)))
	return mux
}

func home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	if id, ok := middleware.FromContext(r.Context()); ok {
		fmt.Fprintf(w, "<p>You are %s.", id.Subject)
		return
	}
	fmt.Fprint(w, `<p>You are a visitor. <form method="post" action="/login"><input type="hidden" name="next" value="/cart"><button>Log in</button></form>`)
}

func (s *Site) login(w http.ResponseWriter, r *http.Request) {
	begun, err := s.Logins.Begin(w, r, callback.Intent{Next: r.PostFormValue("next")})
	if err != nil {
		s.Guard.Refuse(w, r, err)
		return
	}
	var more []oauth2.AuthCodeOption
	for name, values := range begun.Query() {
		more = append(more, oauth2.SetAuthURLParam(name, values[0]))
	}
	http.Redirect(w, r, s.Provider.AuthCodeURL(begun.State, more...), http.StatusSeeOther)
}

func (s *Site) callback(w http.ResponseWriter, r *http.Request) {
	r, result, err := s.Logins.Finish(w, r)
	if err != nil {
		s.Guard.Refuse(w, r, err)
		return
	}
	subject, err := s.subject(r, result)
	if err == nil {
		_, err = s.Cookies.Login(w, r, middleware.Login{Subject: subject})
	}
	if err != nil {
		s.Guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, result.Next, http.StatusSeeOther)
}

// subject returns the user whom the provider names. It creates them when they come for the first time.
func (s *Site) subject(r *http.Request, result callback.Result) (string, error) {
	token, err := s.Provider.Exchange(r.Context(), result.Code, oauth2.VerifierOption(result.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) {
			return "", fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err)
		}
		return "", fmt.Errorf("%w: %w", middleware.ErrUnavailable, err)
	}
	resp, err := s.Provider.Client(r.Context(), token).Get(s.UserInfo)
	if err != nil {
		return "", fmt.Errorf("%w: %w", middleware.ErrUnavailable, err)
	}
	defer resp.Body.Close()
	var info struct {
		Subject string `json:"sub"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&info); err != nil || resp.StatusCode != http.StatusOK || info.Subject == "" {
		return "", fmt.Errorf("%w: userinfo answers %s (%w)", middleware.ErrUnavailable, resp.Status, err)
	}
	subject := "idp:" + info.Subject // IDs of several providers must not meet
	if err := s.Users.CreateUser(r.Context(), backends.User{ID: subject}, ""); err != nil && !errors.Is(err, backends.ErrConflict) {
		return "", fmt.Errorf("%w: %w", middleware.ErrUnavailable, err)
	}
	return subject, nil
}
