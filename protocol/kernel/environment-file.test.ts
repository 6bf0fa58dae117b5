/**
 * `.env`: what Node reads of a file and what we check of it are the same, and a broken line is
 * named by its file and number, without its text.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import fc from '../testing/properties.ts'
import { ConfigError } from './environment.ts'
import { variablesOf } from './environment-file.ts'

const folder = t.testdir()
let files = 0
const fileOf = (text: string | Uint8Array): string => {
  const file = join(folder, `env-${++files}`)
  writeFileSync(file, text)
  return file
}
const faultOf = (file: string): string => {
  try {
    variablesOf(file)
    return 'none'
  } catch (error) {
    return error instanceof ConfigError ? error.message : `not a ConfigError: ${String(error)}`
  }
}

t.test('every form of a line is read', async t => {
  const text = `\uFEFF# a comment
PORT=9000
  export HOST = 0.0.0.0   # for every network
EMPTY=
QUOTED="a # b"\r
SINGLE='say "hi"'
TICKS=\`it's\`
LINES="one
two"
ESCAPED="one\\ntwo"
`
  t.same(variablesOf(fileOf(text)), {
    PORT: '9000',
    HOST: '0.0.0.0',
    EMPTY: '',
    QUOTED: 'a # b',
    SINGLE: 'say "hi"',
    TICKS: "it's",
    LINES: 'one\ntwo',
    ESCAPED: 'one\ntwo',
  })
  t.same(variablesOf(fileOf('')), {})
  t.same(variablesOf(join(folder, 'missing')), {})
})

t.test('a broken line is named by its number, and not shown', async t => {
  for (const [text, line, rule] of [
    ['A=1\nsecret words\n', 2, /is not NAME=value/],
    ['A=1\n\n=secret\n', 3, /is not NAME=value/],
    ['9A=secret\n', 1, /is not NAME=value/],
    ['A-B=secret\n', 1, /is not NAME=value/],
    ['# fine\nA="secret\nB=1\n', 2, /has a " that is never closed/],
    ['A="secret" more\n', 1, /has text behind the closing quote/],
    ['A="sec\\"ret"\n', 1, /has text behind the closing quote/],
    ['A="one\nsecret" more\n', 2, /has text behind the closing quote/],
    ['A=sec#ret\n', 1, /A has a # in its value; put the value in quotes/],
    ['A=1\nB=2\nA=secret\n', 3, /sets A again, after line 1/],
    ['A=sec\0ret\n', 1, /has a byte that no variable may have/],
  ] as const) {
    const file = fileOf(text)
    const fault = faultOf(file)
    t.ok(fault.startsWith(`${file}:${line}: `), fault)
    t.match(fault, rule)
    t.notMatch(fault, /secret|sec|ret/)
    t.notMatch(fault, /\n/, 'it is one line')
  }
})

t.test('something that is no settings file is refused', async t => {
  const inFolder = join(folder, 'a-folder')
  mkdirSync(inFolder)
  t.match(faultOf(inFolder), /a-folder cannot be read: EISDIR; mend or remove it/)
  t.match(faultOf(fileOf(`A=${'x'.repeat(64 * 1024)}`)), /larger than 64 kB/)
})

t.test('Node reads exactly the lines that are found right', async t => {
  const piece = fc.oneof(
    fc.constantFrom('A', 'B1', '_c', '=', ' = ', '"', "'", '`', '#', ' #', '\n', '\r\n', 'export '),
    fc.string({ maxLength: 3 }),
  )
  let right = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), pieces => {
      const file = join(folder, 'any')
      writeFileSync(file, pieces.join(''))
      const fault = faultOf(file)
      if (/not a ConfigError|not read by this Node/.test(fault)) throw new Error(fault)
      if (fault === 'none' && Object.keys(variablesOf(file)).length > 0) right++
    }),
    { numRuns: 1_000 },
  )
  t.ok(right > 10, `${right} of them set a variable`)
})
