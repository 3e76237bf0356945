package main

import (
	"errors"
	"net/http"
	"strings"
)

// maxBody is the length of the longest body, in bytes: far more than any form here needs.
const maxBody = 8 << 10

// A form shows mistakes beside its fields.
type form struct {
	Fields  []field
	Problem string // about the form as a whole
	User    string // whose password it asks for; for password managers
	Next    string // the page to go to afterwards
	Checked bool   // the box of the form, if it has one
}

// A field is an input of a form.
type field struct {
	Name, Label, Type, Autocomplete, Hint string
	Value, Error                          string
	Focus                                 bool
}

// Invalid reports whether the form has a mistake.
func (f form) Invalid() bool {
	for i := range f.Fields {
		if f.Fields[i].Error != "" {
			return true
		}
	}
	return f.Problem != ""
}

// DescribedBy returns the IDs of the elements that describe the field.
func (l field) DescribedBy() string {
	var ids []string
	if l.Error != "" {
		ids = append(ids, l.Name+"-mistake")
	}
	if l.Hint != "" {
		ids = append(ids, l.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

// wrong adds a mistake, unless it is "", to the field of that name.
func (f *form) wrong(name, mistake string) {
	for i := range f.Fields {
		if f.Fields[i].Name == name && f.Fields[i].Error == "" {
			f.Fields[i].Error = mistake
		}
	}
}

// keep fills the fields with what was typed, except passwords. An empty field is a mistake.
func (f *form) keep(r *http.Request) {
	for i := range f.Fields {
		l := &f.Fields[i]
		value := r.PostForm.Get(l.Name)
		if l.Type != typePassword {
			l.Value = value
		}
		if value == "" {
			l.Error = "Please fill this in."
		}
	}
}

// focused returns the form with the focus at the first mistake, or else at the first empty field.
func (f form) focused() form {
	at := -1
	for i, l := range f.Fields {
		if l.Error != "" {
			at = i
			break
		}
		if at < 0 && l.Value == "" {
			at = i
		}
	}
	if at >= 0 {
		f.Fields[at].Focus = true
	}
	return f
}

const typePassword = "password"

func passwordField(name, label, autocomplete, hint string) field {
	return field{Name: name, Label: label, Type: typePassword, Autocomplete: autocomplete, Hint: hint}
}

// readForm parses the form in the body of r. It reports false if it has refused the request.
func readForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &tooLarge):
		showProblem(w, http.StatusRequestEntityTooLarge)
	default:
		showProblem(w, http.StatusBadRequest)
	}
	return false
}
