package password

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrCommon: the password is one of those that are tried first. The application tells the user. Package
// middleware answers it with 422.
var ErrCommon error = unacceptable("password: too common")

// An unacceptable error declares that a user should choose another password. Package middleware
// recognizes such errors by their method.
type unacceptable string

func (e unacceptable) Error() string { return string(e) }

// Problem returns the last part of the URI of the problem type, for package middleware.
func (unacceptable) Problem() string { return "unacceptable-input" }

// common has the 3000 commonest passwords, and the 3000 commonest of at least 8 characters
// (ASVS 6.2.4), of the list in zxcvbn, whose license is in common_LICENSE.txt.
//
//go:embed common.txt
var common string

// A List is a set of passwords that no user may choose. [ReadList] makes one. It is safe for
// concurrent use.
type List struct {
	lines string // sorted, each with a line feed after it
}

// ReadList reads a list in UTF-8 with one password in each line. Empty lines are ignored, and so
// is case. Passwords are compared as a whole and as they are written: in a list with more than
// ASCII they must have the Unicode normalization that the application uses (NFC, as a rule).
//
// SecLists has larger lists than the one that is built in (MIT license, in
// Passwords/Common-Credentials).
func ReadList(r io.Reader) (*List, error) {
	var lines []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		if line := scanner.Text(); line != "" {
			lines = append(lines, strings.ToLower(line)+"\n")
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("password: list: %w", err)
	}
	if len(lines) == 0 {
		return nil, errors.New("password: list without a password")
	}
	slices.Sort(lines)
	return &List{strings.Join(slices.Compact(lines), "")}, nil
}

// Refuse returns [ErrCommon] for a password of the list, in any case, and nil for any other. It is
// a value for Config.Refuse.
func (l *List) Refuse(_ context.Context, password string) error {
	if listed(l.lines, strings.ToLower(password)) {
		return ErrCommon
	}
	return nil
}

// listed reports whether one of the sorted lines is s. It searches the text itself, so that a list
// takes no more memory than its passwords.
func listed(lines, s string) bool {
	if strings.Contains(s, "\n") {
		return false
	}
	s += "\n"
	for lines != "" {
		start := strings.LastIndexByte(lines[:len(lines)/2], '\n') + 1
		end := start + strings.IndexByte(lines[start:], '\n') + 1
		switch strings.Compare(s, lines[start:end]) {
		case 0:
			return true
		case -1:
			lines = lines[:start]
		default:
			lines = lines[end:]
		}
	}
	return false
}

// permit returns why no user may choose the password, or nil.
func (h *Hasher) permit(ctx context.Context, password string) error {
	if listed(common, strings.ToLower(password)) {
		return ErrCommon
	}
	if h.refuse == nil {
		return nil
	}
	return h.refuse(ctx, password)
}
