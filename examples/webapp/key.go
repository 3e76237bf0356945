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

// cookieKey returns the key in the file, which it creates if there is none, or a new key for "".
func cookieKey(file string) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never returns an error
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
	// Package cookie finds out if the key is too short.
	key, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s has no key: %w", file, err)
	}
	return key, nil
}

// writeNew creates a file, which must not exist, that only its owner may read.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
