package callback

// Challenge is for the test vector of RFC 7636.
var Challenge = challenge
