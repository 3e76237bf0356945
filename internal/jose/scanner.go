package jose

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// The bounds of what is read.
const (
	maxDepth   = 32
	maxMembers = 256 // of all objects in a text
)

// What is wrong with a JSON text.
var (
	errNotUTF8   = errors.New("JSON is not UTF-8")
	ErrSyntax    = errors.New("not a JSON object, or text around it")
	errDepth     = errors.New("JSON is nested too deep")
	errMembers   = errors.New("JSON has too many members")
	errDuplicate = errors.New("JSON has a name twice in one object")
	errSurrogate = errors.New("JSON has half a surrogate pair")
)

// Scan reads one JSON object (RFC 8259) and hands its members to member, the names
// unquoted and the values as they are. It stops at the first error.
//
// Encoding/json accepts a name twice, and SUB for sub. A verifier with another parser would then
// see another user.
func Scan(data []byte, member func(name, value []byte) error) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	s := scanner{data: data, names: make([][]byte, 0, 16)}
	s.space()
	if err := s.object(member); err != nil {
		return err
	}
	s.space()
	if s.at != len(data) {
		return ErrSyntax
	}
	return nil
}

type scanner struct {
	data    []byte
	at      int
	depth   int
	members int
	names   [][]byte // of the objects that are open, the innermost last
}

func (s *scanner) value() error {
	if s.at == len(s.data) {
		return ErrSyntax
	}
	switch s.data[s.at] {
	case '{':
		return s.object(func(_, _ []byte) error { return nil })
	case '[':
		return s.array()
	case '"':
		return s.text()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *scanner) object(member func(name, value []byte) error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	outer := len(s.names)
	for more := !s.take('}'); more; {
		if err := s.name(outer); err != nil {
			return err
		}
		s.space()
		if !s.take(':') {
			return ErrSyntax
		}
		s.space()
		start, name := s.at, s.names[len(s.names)-1]
		if err := s.value(); err != nil {
			return err
		}
		if err := member(name, s.data[start:s.at]); err != nil {
			return err
		}
		var err error
		if more, err = s.next('}'); err != nil {
			return err
		}
	}
	s.names = s.names[:outer]
	s.depth--
	return nil
}

func (s *scanner) array() error {
	if err := s.open('['); err != nil {
		return err
	}
	for more := !s.take(']'); more; {
		err := s.value()
		if err != nil {
			return err
		}
		if more, err = s.next(']'); err != nil {
			return err
		}
	}
	s.depth--
	return nil
}

func (s *scanner) open(bracket byte) error {
	if !s.take(bracket) {
		return ErrSyntax
	}
	if s.depth++; s.depth > maxDepth {
		return errDepth
	}
	s.space()
	return nil
}

// next reads what follows an element, and reports whether another one does.
func (s *scanner) next(bracket byte) (bool, error) {
	s.space()
	if s.take(bracket) {
		return false, nil
	}
	if !s.take(',') {
		return false, ErrSyntax
	}
	s.space()
	return true, nil
}

func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return ErrSyntax
	}
	if s.take('.') && !s.digits() {
		return ErrSyntax
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return ErrSyntax
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.at:], []byte(w)) {
		return ErrSyntax
	}
	s.at += len(w)
	return nil
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}
