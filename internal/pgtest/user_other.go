//go:build !unix

package pgtest

import "os/exec"

// Elsewhere set [databaseURL]: the watcher needs a Unix shell.

func give(string) error { return errNoServer }

func detach(*exec.Cmd) {}
