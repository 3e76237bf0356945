package foreign

// Between is for the tests of a machine that has slept, which package time cannot imitate.
var Between = between
