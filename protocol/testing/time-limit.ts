/**
 * Loaded before each test file (`.taprc`): ends a file that never ends, with a word of which one.
 * tap has a
 * limit of its own, but a file that it ends takes two numbers of its plan, and as many files at the
 * end of
 * the run are then not counted. The test that hangs is named by tap when the process exits.
 */
const limitSeconds = 480

setTimeout(() => {
  console.error(`${process.argv[1]} is not over after ${limitSeconds} s, and is ended`)
  process.exit(1)
}, limitSeconds * 1_000).unref()
