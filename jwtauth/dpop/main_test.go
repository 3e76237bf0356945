package dpop_test

import (
	"os"
	"testing"

	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
