package cookie

// UnverifiedID is for the tests of where the ID is in a value.
var UnverifiedID = unverifiedID
