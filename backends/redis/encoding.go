package redis

import (
	"encoding/binary"
	"time"
)

// Numbers are eight bytes, big endian, and times are microseconds since 1970, as the scripts read
// them. A text of up to 255 bytes begins with its length in one byte, a longer one in two.

func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// appendTimes appends times; the zero time is a number like any other.
func appendTimes(b []byte, times ...time.Time) []byte {
	for _, t := range times {
		b = appendNumbers(b, t.UnixMicro())
	}
	return b
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = append(append(b, byte(len(t))), t...)
	}
	return b
}

func appendLong(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}

// packed returns the number as scripts take it.
func packed(n int64) string { return string(appendNumbers(nil, n)) }

// at returns the time as scripts take it.
func at(t time.Time) string { return packed(t.UnixMicro()) }

// A cursor reads what was appended. It is bad once there is less than was asked for.
type cursor struct {
	rest string
	bad  bool
}

func (c *cursor) take(n int) string {
	if n > len(c.rest) {
		c.rest, c.bad = "", true
		return ""
	}
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *cursor) number() (n int64) {
	for _, b := range []byte(c.take(8)) {
		n = n<<8 | int64(b)
	}
	return n
}

func (c *cursor) time() time.Time { return time.UnixMicro(c.number()).UTC() }

func (c *cursor) duration() time.Duration { return time.Duration(c.number()) * time.Microsecond }

func (c *cursor) text() string { return c.take(c.length(1)) }

func (c *cursor) long() string { return c.take(c.length(2)) }

func (c *cursor) length(bytes int) (n int) {
	for _, b := range []byte(c.take(bytes)) {
		n = n<<8 | int(b)
	}
	return n
}
