/**
 * Ends a test file that never ends, and names it. `.taprc` loads this file before each test file.
 * tap has its own limit, but a file that tap ends takes two numbers of its plan, and as many files
 * at the end of the run are then not counted. tap names the test that hangs when the process exits.
 */
const limitSeconds = 480

setTimeout(() => {
  console.error(`${process.argv[1]} is not over after ${limitSeconds} s, and is ended`)
  process.exit(1)
}, limitSeconds * 1_000).unref()
