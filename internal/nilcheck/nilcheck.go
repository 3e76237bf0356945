// Package nilcheck detects nil pointers inside interfaces.
package nilcheck

import "reflect"

// IsNil reports whether v is nil, or holds a nil pointer, function, map or the like. The methods
// of such a value usually panic when a request calls them; constructors use IsNil to report it
// earlier.
func IsNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		return r.IsNil()
	}
	return false
}
