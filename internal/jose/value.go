package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

// What is wrong with a value.
var (
	errNotText = errors.New("claim or header is not a string")
	errNotDate = errors.New("time is not a number from 0 to 253402300799")
)

// unquote returns the text of a string that was scanned.
func unquote(quoted []byte) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return []byte(s), err
}

// Text returns the string that value is.
func Text(value []byte) (string, error) {
	if value[0] != '"' {
		return "", errNotText
	}
	b, err := unquote(value)
	return string(b), err
}

// Texts returns the string that value is, or the strings of the array that it is.
func Texts(value []byte) ([]string, error) {
	if value[0] != '[' {
		s, err := Text(value)
		return []string{s}, err
	}
	var list []*string
	if err := json.Unmarshal(value, &list); err != nil {
		return nil, errNotText
	}
	all := make([]string, 0, len(list))
	for _, s := range list {
		if s == nil { // null
			return nil, errNotText
		}
		all = append(all, *s)
	}
	return all, nil
}

const maxDate = 253402300799 // the end of the year 9999

// Instant returns the time that value is, a NumericDate: a number, which may have a fraction
// (RFC 7519, section 2). Golang-jwt takes any number, and converts 1e300 as the processor
// pleases.
func Instant(value []byte) (time.Time, error) {
	if value[0] < '0' || value[0] > '9' {
		return time.Time{}, errNotDate
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || n > maxDate {
		return time.Time{}, errNotDate
	}
	seconds, fraction := math.Modf(n)
	return time.Unix(int64(seconds), int64(fraction*1e9)).UTC(), nil
}

// Variant reports whether name is one of the names in another spelling. Bytes.EqualFold
// folds as encoding/json does: ſ is an s, and the Kelvin sign a k.
func Variant(name []byte, names []string) bool {
	for _, n := range names {
		if string(name) != n && bytes.EqualFold(name, []byte(n)) {
			return true
		}
	}
	return false
}
