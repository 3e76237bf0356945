package nilcheck_test

import (
	"errors"
	"io"
	"testing"

	"github.com/inga-auth/inga/internal/nilcheck"
)

type byValue struct{ size int }

func TestANilIsFoundInAnyInterface(t *testing.T) {
	var (
		pointer  *byValue
		function func()
		mapping  map[string]int
		slice    []byte
		channel  chan int
		reader   io.Reader
		err      error
	)
	for name, v := range map[string]any{
		"nothing": nil, "a pointer": pointer, "a function": function, "a map": mapping, "a slice": slice, "a channel": channel,
		"an interface": reader, "an error": err,
	} {
		if !nilcheck.IsNil(v) {
			t.Errorf("%s: not nil, want nil", name)
		}
	}
	for name, v := range map[string]any{
		"a pointer": &byValue{}, "a pointer to nil": &pointer, "a function": func() {}, "a map": map[string]int{}, "a slice": []byte{},
		"a channel": make(chan int), "a struct": byValue{size: 1}, "a number": 0, "a text": "", "false": false, "an error": errors.New("e"),
	} {
		if nilcheck.IsNil(v) {
			t.Errorf("%s: nil, want not nil", name)
		}
	}
}
