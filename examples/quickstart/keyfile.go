package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// newKeys returns the keys of the file, or without one new keys: good for a demonstration, and
// bad for a service, because a restart logs everyone out.
func newKeys(o options) (keys, error) {
	if o.keyFile != "" {
		return loadKeys(o.keyFile, o.alg)
	}
	ring, err := keyRing{}.rotated(o.alg)
	if err != nil {
		return keys{}, err
	}
	return ring.parse()
}

// loadKeys returns the keys in the file, which it creates if there is none.
func loadKeys(path, alg string) (keys, error) {
	ring, k, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createKeys(path, alg)
		if err == nil || errors.Is(err, fs.ErrExist) { // or another process created it
			ring, k, err = readKeys(path)
		}
	}
	if err != nil {
		return keys{}, err
	}
	if alg != "" && alg != ring.alg() {
		return keys{}, fmt.Errorf("-alg is %q, but %s signs with another algorithm; change it with -rotate-keys", alg, path)
	}
	return k, nil
}

// createKeys creates the file. It does not overwrite one that exists.
func createKeys(path, alg string) error {
	ring, err := keyRing{}.rotated(alg)
	if err != nil {
		return err
	}
	return writeKeys(path, ring, os.Link)
}

// rotateKeys puts a new key of each kind in front of the others in the file. Drop an old key, at
// the end of its list, when the sessions that it signed have ended.
//
// That is enough for one server. With several, put the new keys at the end first, until all
// servers have them: a server refuses what another one signs with a key that it does not have.
func rotateKeys(path, alg string) error {
	ring, _, err := readKeys(path)
	if err != nil {
		return err
	}
	ring, err = ring.rotated(alg)
	if err != nil {
		return err
	}
	return writeKeys(path, ring, os.Rename)
}

// readKeys reads and checks the keys in the file. Its error names the file and the field.
func readKeys(path string) (keyRing, keys, error) {
	text, err := readPrivate(path)
	if err != nil {
		return keyRing{}, keys{}, err
	}
	var ring keyRing
	if err := json.Unmarshal(text, &ring); err != nil {
		return keyRing{}, keys{}, fmt.Errorf("%s: %w", path, withoutContent(err))
	}
	k, err := ring.parse()
	if err != nil {
		return keyRing{}, keys{}, fmt.Errorf("%s: %w", path, err)
	}
	return ring, k, nil
}

// readPrivate reads a file that only its owner may read.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: mode is %#o, want 0600: others could read or change the keys", path, mode)
	}
	return io.ReadAll(f)
}

// withoutContent says what is wrong with JSON without quoting it, as encoding/json does.
func withoutContent(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s has the wrong type", cmp.Or(kind.Field, "the JSON"))
	}
	return errors.New("not the JSON of a key file")
}

// writeKeys writes a file of mode 0600 beside the one at path, and then gives it that name: with
// os.Link, which fails if the name is taken, or with os.Rename, which replaces the file. Half a
// file is therefore never read.
func writeKeys(path string, ring keyRing, name func(from, to string) error) error {
	text, err := json.MarshalIndent(ring, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // os.Rename has removed it already
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), path)
}
