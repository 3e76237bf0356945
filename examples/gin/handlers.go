package main

import (
	"errors"
	"log"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/examples/internal/site"
	"github.com/inga-auth/inga/middleware"
)

func home(c *gin.Context) {
	id, _ := middleware.FromContext(c.Request.Context())
	c.HTML(http.StatusOK, "home.html", site.View{Subject: id.Subject})
}

func loginPage(c *gin.Context) {
	c.HTML(http.StatusOK, "login.html", site.View{Next: c.Query("next")})
}

func (a *app) login(c *gin.Context) {
	next := c.PostForm("next")
	l, err := a.users.Verify(c.Request, c.PostForm("name"), c.PostForm("password"))
	if errors.Is(err, password.ErrWrong) {
		c.HTML(http.StatusUnauthorized, "login.html", site.View{Next: next, Message: "Wrong name or password."})
		return
	}
	if err == nil {
		_, err = a.cookies.Login(c.Writer, c.Request, l)
	}
	if err == nil {
		err = a.users.Know(c.Writer, c.PostForm("name"))
	}
	if err != nil {
		a.guard.Refuse(c.Writer, c.Request, err)
		return
	}
	// Anyone can write a link to the login page, so it may lead to local paths only.
	c.Redirect(http.StatusSeeOther, middleware.LocalPath(next))
}

func (a *app) loginToken(c *gin.Context) {
	l, err := a.users.Verify(c.Request, c.PostForm("name"), c.PostForm("password"))
	if err != nil {
		a.guard.Refuse(c.Writer, c.Request, err)
		return
	}
	tokens, err := a.tokens.Login(c.Request, l)
	if err != nil {
		a.guard.Refuse(c.Writer, c.Request, err)
		return
	}
	tokens.Write(c.Writer)
}

// logout ends the session that the token names, or else that of the cookie.
func (a *app) logout(c *gin.Context) {
	err := a.tokens.Logout(c.Writer, c.Request)
	if errors.Is(err, middleware.ErrNoCredentials) {
		err = a.cookies.Logout(c.Writer, c.Request)
	}
	if err != nil {
		a.guard.Refuse(c.Writer, c.Request, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/")
}

func account(c *gin.Context) {
	id, _ := middleware.FromContext(c.Request.Context())
	c.JSON(http.StatusOK, id)
}

func admin(c *gin.Context) {
	id, _ := middleware.FromContext(c.Request.Context())
	c.JSON(http.StatusOK, gin.H{"message": "Welcome, " + id.Subject + "."})
}

func (a *app) addNote(c *gin.Context) {
	id, _ := middleware.FromContext(c.Request.Context())
	c.JSON(http.StatusCreated, a.notes.Add(id.Subject, c.PostForm("text")))
}

func (a *app) note(c *gin.Context) {
	note, err := a.notes.Find(c.Param("id"))
	if err != nil {
		site.Problem(c.Writer, c.Request, http.StatusNotFound)
		return
	}
	c.JSON(http.StatusOK, note)
}

func bug(c *gin.Context) {
	if err := site.Bug(c.Query("kind")); err != nil {
		_ = c.Error(err) // for fail
	}
}

// fail responds to the errors that handlers have given to gin, in the form in which a guard
// refuses.
func fail(c *gin.Context) {
	c.Next()
	if err := c.Errors.Last(); err != nil && !c.Writer.Written() {
		log.Print(err)
		site.Problem(c.Writer, c.Request, http.StatusInternalServerError)
	}
}

// recovered responds when a handler panics.
func recovered(c *gin.Context, e any) {
	log.Printf("panic: %v\n%s", e, debug.Stack())
	site.Problem(c.Writer, c.Request, http.StatusInternalServerError)
	c.Abort()
}
