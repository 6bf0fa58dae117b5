/**
 * Every command of package.json has a help, and answers a wrong option with its name and without a
 * stack.
 */
import { execFile, execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../protocol/kernel/assets.ts'

const root = fileURLToPath(assetUrl('.'))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/**
 * The name of each command, its compiled file, and its fixed arguments. The other scripts run tools
 * that have a help of their own.
 */
const commands = Object.entries(scripts).flatMap(([name, line]) => {
  const call = /node [^&]*?(dist\/\S+\.js)(.*)$/.exec(line)
  return call === null
    ? []
    : [[name, call[1]!, call[2]!.trim().split(' ').filter(Boolean)] as const]
})

const run = (file: string, args: readonly string[]) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    const child = execFile(
      process.execPath,
      [join(root, file), ...args],
      { cwd: tmpdir(), timeout: 60_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
    child.stdin?.end()
  })

t.test('the commands are found in package.json', async t => {
  for (const name of [
    'start',
    'engine',
    'edge',
    'demo',
    'bench',
    'sim',
    'torture',
    'admin',
    'backup',
  ])
    t.ok(
      commands.some(([command]) => command === name),
      name,
    )
})

for (const [name, file, fixed] of commands)
  t.test(`${name}: the help names it, and a wrong option shows no stack`, async t => {
    const help = await run(file, [...fixed, '--help'])
    t.equal(help.code, 0)
    t.match(
      help.out,
      new RegExp(`npm (run )?(-s )?${name.split(':')[0]!}\\b`),
      'the help names the command',
    )
    t.equal(help.err, '')
    const mistake = await run(file, [...fixed, '--hlep'])
    t.not(mistake.code, 0, 'the exit code tells the mistake')
    t.match(mistake.err + mistake.out, /hlep|--help|Usage/, 'the text tells it')
    t.notMatch(mistake.err, /^\s+at /m, 'there is no stack')
  })

t.test('only changed sources are compiled, and files without a source are removed', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-compile-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const path of ['.ci/compile.js', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, path), join(folder, path))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const house of ['engine', 'edge', 'protocol', 'bench', 'migrations'])
    mkdirSync(join(folder, house))
  const source = join(folder, 'protocol/one.ts')
  const [one, two] = ['one', 'two'].map(name => join(folder, `dist/protocol/${name}.js`)) as [
    string,
    string,
  ]
  const compile = (): void => {
    // The hooks of the test runner would go to this process too, and the compiler fails under them.
    execFileSync('/bin/sh', [
      '-c',
      'unset NODE_OPTIONS; exec "$0" "$1"',
      process.execPath,
      join(folder, '.ci/compile.js'),
    ])
  }
  writeFileSync(source, 'export const one: number = 1\n')
  writeFileSync(join(folder, 'protocol/two.ts'), 'export const two: number = 2\n')
  compile()
  t.match(readFileSync(one, 'utf8'), 'one = 1')
  writeFileSync(one, 'kept')
  compile()
  t.equal(readFileSync(one, 'utf8'), 'kept', 'no source changed, so no file is written')
  rmSync(two)
  compile()
  t.ok(existsSync(two), 'a compiled file that is missing is made again')
  writeFileSync(source, 'export const one: number = 3\n')
  // The same size and an older time, as a restored copy has.
  utimesSync(source, 1_000, 1_000)
  compile()
  t.match(readFileSync(one, 'utf8'), 'one = 3', 'a change is seen by any difference of time')
  rmSync(join(folder, 'protocol/two.ts'))
  compile()
  t.notOk(existsSync(two), 'a file without a source is removed')
})
