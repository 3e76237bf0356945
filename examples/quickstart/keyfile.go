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

// newKeys returns the keys that the flags ask for: those of the file, or else ones that
// nobody has seen before. The latter make a good demonstration and a bad service.
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

// loadKeys returns the keys in the file, which is made if it does not exist.
func loadKeys(path, alg string) (keys, error) {
	ring, k, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createKeys(path, alg)
		if err == nil || errors.Is(err, fs.ErrExist) { // or another process was faster
			ring, k, err = readKeys(path)
		}
	}
	if err != nil {
		return keys{}, err
	}
	if alg != "" && alg != ring.alg() {
		return keys{}, fmt.Errorf("-alg is %q, and %s signs with another one; change it with -rotate-keys", alg, path)
	}
	return k, nil
}

// createKeys makes the file, and leaves alone one that exists.
func createKeys(path, alg string) error {
	ring, err := keyRing{}.rotated(alg)
	if err != nil {
		return err
	}
	return writeKeys(path, ring, os.Link)
}

// rotateKeys puts a new key of each kind into the file, in front of the others. Drop old
// ones, at the end of each list, when the sessions that they signed have ended.
//
// That is enough for one server. With several the new keys go to the end first, until all
// have read them: one refuses what another signs with a key that it does not have.
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

// readKeys reads the file and makes sure that its keys are good. Its error names the file
// and the field.
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

// readPrivate reads a file that nobody but its owner can read.
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

// withoutContent says what is wrong with JSON. The errors of encoding/json quote it.
func withoutContent(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s has the wrong type", cmp.Or(kind.Field, "the JSON"))
	}
	return errors.New("no JSON that fits")
}

// writeKeys writes a file of mode 0600 beside the one at path, and then gives it the name:
// by os.Link, which fails if the name is taken, or by os.Rename, which takes it over. So
// nobody ever reads half a file.
func writeKeys(path string, ring keyRing, name func(from, to string) error) error {
	text, err := json.MarshalIndent(ring, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after os.Rename there is none
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), path)
}
