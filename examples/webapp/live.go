package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func noteForm() form {
	return form{Fields: []field{
		{Name: "text", Label: "Say something", Type: "text", Autocomplete: "off"},
	}}
}

// livePage shows the notes. Its script listens for new ones.
func (a *app) livePage(w http.ResponseWriter, r *http.Request) {
	a.showLive(w, r, http.StatusOK, noteForm())
}

func (a *app) showLive(w http.ResponseWriter, r *http.Request, status int, f form) {
	notes, last := a.board.all()
	slices.Reverse(notes)
	a.page(w, r, status, "live", view{Title: "Live", Form: f.focused(), Data: struct {
		Notes []note
		Last  int
	}{notes, last}})
}

// maxNote is the length of the longest note, in characters.
const maxNote = 200

func (a *app) postNote(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	f, text := noteForm(), strings.TrimSpace(r.PostForm.Get("text"))
	f.keep(r)
	if utf8.RuneCountInString(text) > maxNote {
		f.wrong("text", "At most "+strconv.Itoa(maxNote)+" characters, please.")
	}
	if text == "" {
		f.wrong("text", "Please say something.")
	}
	if f.Invalid() {
		a.showLive(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	user, err := a.self(r)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.board.post(note{Text: text, By: user.Name, At: time.Now().UTC()})
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

// events streams the notes as server-sent events: those that the browser has not seen, and then
// new ones.
//
// A guard checks a request when it begins, and a stream goes on after that. EndWithSession, in
// front, cancels the context when the session ends; the last event then says why.
func (a *app) events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	missed, notes, leave := a.board.listen(lastSeen(r))
	defer leave()
	s := newStream(w)
	err := s.send("open", 0, struct{}{})
	for _, n := range missed {
		if err == nil {
			err = s.send("note", n.ID, n)
		}
	}
	for err == nil {
		select {
		case n := <-notes:
			err = s.send("note", n.ID, n)
		case <-ctx.Done():
			if e, ok := endingOf(context.Cause(ctx)); ok {
				_ = s.send("ended", 0, e)
			}
			return
		case <-a.board.closed: // the server stops
			return
		}
	}
}

// lastSeen returns the ID of the last note that the browser has. When it reconnects, it says so in a
// header.
func lastSeen(r *http.Request) int {
	for _, text := range []string{r.Header.Get("Last-Event-ID"), r.FormValue("since")} {
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	}
	return 0
}
