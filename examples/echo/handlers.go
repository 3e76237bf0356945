package main

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/examples/internal/site"
	"github.com/inga-auth/inga/middleware"
)

func home(c *echo.Context) error {
	id, _ := middleware.FromContext(c.Request().Context())
	return c.Render(http.StatusOK, "home.html", site.View{Subject: id.Subject})
}

func loginPage(c *echo.Context) error {
	return c.Render(http.StatusOK, "login.html", site.View{Next: c.QueryParam("next")})
}

func (a *app) login(c *echo.Context) error {
	r := c.Request() // c.FormValue reads the query too, where no password belongs
	next := r.PostFormValue("next")
	l, err := a.users.Verify(r, r.PostFormValue("name"), r.PostFormValue("password"))
	if errors.Is(err, password.ErrWrong) {
		return c.Render(http.StatusUnauthorized, "login.html", site.View{Next: next, Message: "Wrong name or password."})
	}
	if err == nil {
		_, err = a.cookies.Login(c.Response(), r, l)
	}
	if err == nil {
		err = a.users.Know(c.Response(), r.PostFormValue("name"))
	}
	if err != nil {
		return a.refuse(c, err)
	}
	// Anyone can write a link to the login page, so it may lead to local paths only.
	return c.Redirect(http.StatusSeeOther, middleware.LocalPath(next))
}

func (a *app) loginToken(c *echo.Context) error {
	r := c.Request()
	l, err := a.users.Verify(r, r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		return a.refuse(c, err)
	}
	tokens, err := a.tokens.Login(r, l)
	if err != nil {
		return a.refuse(c, err)
	}
	tokens.Write(c.Response())
	return nil
}

// logout ends the session that the token names, or else that of the cookie.
func (a *app) logout(c *echo.Context) error {
	err := a.tokens.Logout(c.Response(), c.Request())
	if errors.Is(err, middleware.ErrNoCredentials) {
		err = a.cookies.Logout(c.Response(), c.Request())
	}
	if err != nil {
		return a.refuse(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func account(c *echo.Context) error {
	id, _ := middleware.FromContext(c.Request().Context())
	return c.JSON(http.StatusOK, id)
}

func admin(c *echo.Context) error {
	id, _ := middleware.FromContext(c.Request().Context())
	return c.JSON(http.StatusOK, map[string]string{"message": "Welcome, " + id.Subject + "."})
}

func (a *app) addNote(c *echo.Context) error {
	id, _ := middleware.FromContext(c.Request().Context())
	return c.JSON(http.StatusCreated, a.notes.Add(id.Subject, c.FormValue("text")))
}

func (a *app) note(c *echo.Context) error {
	note, err := a.notes.Find(c.Param("id"))
	if err != nil {
		return echo.ErrNotFound.Wrap(err)
	}
	return c.JSON(http.StatusOK, note)
}

func bug(c *echo.Context) error { return site.Bug(c.QueryParam("kind")) }

// refuse responds to errors of logging in and out as the guard does.
func (a *app) refuse(c *echo.Context, err error) error {
	a.guard.Refuse(c.Response(), c.Request(), err)
	return nil
}

// fail responds to the errors that handlers return, in the form in which a guard refuses.
func fail(c *echo.Context, err error) {
	if r, _ := echo.UnwrapResponse(c.Response()); r != nil && r.Committed {
		return
	}
	status := cmp.Or(echo.StatusCode(err), http.StatusInternalServerError)
	if status == http.StatusInternalServerError {
		c.Logger().Error("request failed", "error", err)
	}
	site.Problem(c.Response(), c.Request(), status)
}
