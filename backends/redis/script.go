package redis

import (
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"strings"

	"github.com/redis/rueidis"
)

//go:embed scripts/*.lua
var sources embed.FS

// A script is sent by its hash, and as a whole to a server that does not know it.
type script struct{ text, sha string }

// load returns the scripts by their names. Each begins with its flags: those that Redis runs when
// its memory is full end or replace something, and need no more of it.
func load() map[string]script {
	scripts := make(map[string]script)
	files, _ := sources.ReadDir("scripts") // no error: it is in the program
	lib := read("lib.lua")
	for _, f := range files {
		flags, body, _ := strings.Cut(read(f.Name()), "\n")
		text := flags + "\n" + lib + body
		if strings.Contains(body, "redis.call") { // it needs nothing of the library, which calls it so
			text = flags + "\n" + body
		}
		sum := sha1.Sum([]byte(text)) // Redis names scripts by it
		scripts[strings.TrimSuffix(f.Name(), ".lua")] = script{text, hex.EncodeToString(sum[:])}
	}
	return scripts
}

func read(file string) string {
	text, _ := sources.ReadFile("scripts/" + file)
	return string(text)
}

// A call is a script with its arguments.
type call struct {
	script
	keys, args []string
}

// call returns the call of a script about the users and sessions of the tag of the place or ID.
func (s *Store) call(name, place string, args ...string) call {
	return call{s.scripts[name], s.keys.moving(tag(place)), args}
}

func (c call) bySHA(b rueidis.Builder) rueidis.Completed {
	return b.Evalsha().Sha1(c.sha).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

func (c call) byText(b rueidis.Builder) rueidis.Completed {
	return b.Eval().Script(c.text).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}
