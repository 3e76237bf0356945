package clients_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNodeJoseAndOAuth4WebAPI(t *testing.T) {
	node, dir := need(t, "node"), installed(t)
	onEachAlg(t, func(t *testing.T, url, alg string) {
		run(t, dir, node, "client.mjs", url, alg)
	})
}

// installed returns a copy of the folder node with its packages, so that nothing is written
// into the sources.
func installed(t *testing.T) string {
	t.Helper()
	npm, dir := need(t, "npm"), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("node")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("%s", out)
		missing(t, "npm cannot install the packages of node/package-lock.json")
	}
	return dir
}

func TestThePackageLockNamesNoRegistry(t *testing.T) {
	t.Parallel()
	lock, err := fs.ReadFile(os.DirFS("node"), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("node/package-lock.json has \"resolved\", want it from npm with node/.npmrc")
	}
}

func TestPyJWT(t *testing.T) {
	python := "/usr/bin/python3" // the one that Debian's packages are for
	if _, err := os.Stat(python); err != nil {
		python = need(t, "python3")
	}
	if exec.CommandContext(t.Context(), python, "-c", "import jwt, cryptography").Run() != nil {
		missing(t, "python3 has no PyJWT with cryptography: install python3-jwt and python3-cryptography")
	}
	onEachAlg(t, func(t *testing.T, url, alg string) {
		run(t, "", python, filepath.Join("python", "verify.py"), url, alg)
	})
}
