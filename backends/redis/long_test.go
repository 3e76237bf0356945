package redis_test

import "flag"

// long adds to some tests what takes minutes.
var long = flag.Bool("long", false, "run also what takes minutes")
