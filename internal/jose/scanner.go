package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const maxDepth = 32

// What is wrong with a JSON text.
var (
	errNotUTF8   = errors.New("JSON is not UTF-8")
	ErrSyntax    = errors.New("not a JSON object, or text around it")
	errDepth     = errors.New("JSON is nested too deep")
	errDuplicate = errors.New("JSON has a name twice in one object")
	errSurrogate = errors.New("JSON has half a surrogate pair")
)

// Scan reads one JSON object (RFC 8259) and hands its members to member, the names unquoted and
// the values as they are. It stops at the first error; what was handed out before is void then.
//
// Encoding/json accepts a name twice, and SUB for sub. A verifier with another parser would then
// see another user.
func Scan(data []byte, member func(name, value []byte) error) error {
	switch {
	case !utf8.Valid(data):
		return errNotUTF8
	case !json.Valid(data):
		return ErrSyntax
	}
	s := scanner{data: data, names: make([][]byte, 0, 16)}
	if s.next() != '{' {
		return ErrSyntax
	}
	return s.object(1, member)
}

// A scanner walks through JSON that encoding/json has found valid.
type scanner struct {
	data  []byte
	at    int
	names [][]byte // of the objects that are open, the innermost last
}

func (s *scanner) object(depth int, member func(name, value []byte) error) error {
	outer := len(s.names)
	for s.at++; s.next() != '}'; {
		name, err := s.name()
		if err != nil {
			return err
		}
		s.names = append(s.names, name)
		s.next()
		start := s.at
		if err := s.value(depth); err != nil {
			return err
		}
		if err := member(name, s.data[start:s.at]); err != nil {
			return err
		}
	}
	s.at++
	own := s.names[outer:]
	s.names = s.names[:outer]
	// Sorted first: to compare each with each takes a token full of names quadratic time.
	slices.SortFunc(own, bytes.Compare)
	for i := 1; i < len(own); i++ {
		if bytes.Equal(own[i-1], own[i]) {
			return errDuplicate
		}
	}
	return nil
}

// name reads the name of a member.
func (s *scanner) name() ([]byte, error) {
	start := s.at
	if err := s.text(); err != nil {
		return nil, err
	}
	return unquote(s.data[start:s.at])
}

// value reads the value of a member or element; depth is how many objects and arrays it is in.
func (s *scanner) value(depth int) (err error) {
	c := s.data[s.at]
	switch {
	case (c == '{' || c == '[') && depth == maxDepth:
		return errDepth
	case c == '{':
		return s.object(depth+1, func(_, _ []byte) error { return nil })
	case c == '"':
		return s.text()
	case c != '[': // a number, true, false or null
		s.at += bytes.IndexAny(s.data[s.at:], ",]} \t\r\n")
		return nil
	}
	for s.at++; err == nil && s.next() != ']'; {
		err = s.value(depth + 1)
	}
	s.at++
	return err
}

// text reads a string. RFC 8259, section 8.2: how half a surrogate pair is read is up to the
// parser. Encoding/json takes it for U+FFFD.
func (s *scanner) text() error {
	for s.at++; s.data[s.at] != '"'; {
		if s.data[s.at] != '\\' {
			s.at++
			continue
		}
		if r := s.escape(); utf16.IsSurrogate(r) && (s.data[s.at] != '\\' || utf16.DecodeRune(r, s.escape()) == utf8.RuneError) {
			return errSurrogate
		}
	}
	s.at++
	return nil
}

// escape reads an escape, and returns the UTF-16 unit that it is, if it is written as a number.
func (s *scanner) escape() rune {
	s.at += len(`\u`)
	if s.data[s.at-1] != 'u' {
		return 0
	}
	s.at += 4
	n, _ := strconv.ParseUint(string(s.data[s.at-4:s.at]), 16, 16)
	return rune(n)
}

// next skips what is between names and values, and returns what follows.
func (s *scanner) next() byte {
	for {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return c
		}
	}
}
