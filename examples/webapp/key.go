package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// cookieKey returns the key in the file, which it makes if there is none, or a new one for "".
func cookieKey(file string) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails: see its documentation
	if file == "" {
		return key, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return key, writeNew(file, base64.StdEncoding.EncodeToString(key)+"\n")
	}
	if err != nil {
		return nil, err
	}
	// A key that is too short is a mistake that package cookie finds.
	key, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s has no key: %w", file, err)
	}
	return key, nil
}

// writeNew writes a file that must not exist, and that nobody else may read.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
