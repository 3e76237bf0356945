//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// PostgreSQL refuses to run as root, so root's tests run it as another user.

// serverUser returns the user to run as, or nil for the own one.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("neither user postgres nor nobody exists: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// give makes dir the property of the user that the server runs as.
func give(dir string) error {
	c, err := serverUser()
	if err != nil || c == nil {
		return err
	}
	return os.Chown(dir, int(c.Uid), int(c.Gid))
}

// detach makes cmd run as the server's user and in a session of its own. [give] has
// reported the error that the lookup may have.
func detach(cmd *exec.Cmd) {
	c, _ := serverUser()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c, Setsid: true}
}
