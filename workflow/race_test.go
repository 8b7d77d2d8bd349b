//go:build race

package workflow_test

// raceDetector says that the tests run some ten times slower, and in more memory.
const raceDetector = true
