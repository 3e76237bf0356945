package jose

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// name reads the name of a member and puts it on the stack, unless the object has it: its
// own names are those from outer on.
func (s *scanner) name(outer int) error {
	start := s.at
	if err := s.text(); err != nil {
		return err
	}
	if s.members++; s.members > maxMembers {
		return errMembers
	}
	name, err := unquote(s.data[start:s.at])
	if err != nil {
		return err
	}
	for _, other := range s.names[outer:] {
		if bytes.Equal(name, other) {
			return errDuplicate
		}
	}
	s.names = append(s.names, name)
	return nil
}

func (s *scanner) text() error {
	if !s.take('"') {
		return ErrSyntax
	}
	for s.at < len(s.data) {
		c := s.data[s.at]
		s.at++
		switch {
		case c == '"':
			return nil
		case c < 0x20:
			return ErrSyntax
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return ErrSyntax
}

// escape reads what follows a backslash. RFC 8259, section 8.2: how half a surrogate pair is
// read is up to the parser. Encoding/json takes it for U+FFFD.
func (s *scanner) escape() error {
	if !s.take('u') {
		if s.at == len(s.data) || bytes.IndexByte([]byte(`"\/bfnrt`), s.data[s.at]) < 0 {
			return ErrSyntax
		}
		s.at++
		return nil
	}
	r, err := s.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return err
	}
	if !s.take('\\') || !s.take('u') {
		return errSurrogate
	}
	low, err := s.hex()
	if err == nil && utf16.DecodeRune(r, low) == utf8.RuneError {
		err = errSurrogate
	}
	return err
}

// hex reads four hexadecimal digits.
func (s *scanner) hex() (rune, error) {
	if len(s.data)-s.at < 4 {
		return 0, ErrSyntax
	}
	n, err := strconv.ParseUint(string(s.data[s.at:s.at+4]), 16, 16)
	if err != nil {
		return 0, ErrSyntax
	}
	s.at += 4
	return rune(n), nil
}
