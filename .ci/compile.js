/**
 * Compiles the sources into `dist/` when one of them changed, and does nothing otherwise, so that a
 * command answers at once. The compiler alone takes two seconds to find out that nothing changed,
 * and it does not notice that a compiled file is missing, because it believes its own
 * `.tsbuildinfo`.
 *
 * `--check` also checks the types, changed or not. It is JavaScript, because it runs before
 * anything is compiled.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const buildInfo = join(dist, '.tsbuildinfo')
/** The sources that were compiled last: the path of each with its time and size. */
const compiledList = join(dist, '.compiled.json')

/** @param {string} path */
const isSource = path => /(?<!\.d)\.tsx?$/.test(path)
/** @param {string} path A source. */
const compiledOf = path => join(dist, path.replace(/\.tsx?$/, '.js'))

/**
 * Each file that the compiler reads, with its time and size.
 * @returns {Record<string, string>}
 */
function readSources() {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  /** @type {Record<string, string>} */
  const sources = {}
  const add = path => {
    const { mtimeMs, size } = statSync(join(root, path))
    sources[path] = `${mtimeMs} ${size}`
  }
  for (const house of include)
    for (const name of readdirSync(join(root, house), { recursive: true, encoding: 'utf8' }))
      if (isSource(name)) add(join(house, name))
  // What the result depends on beside the sources.
  add('tsconfig.json')
  add('package-lock.json')
  return sources
}

/** @returns {Record<string, string> | null} */
function readCompiled() {
  try {
    return JSON.parse(readFileSync(compiledList, 'utf8'))
  } catch {
    return null
  }
}

/** A compiled file whose source is gone would still be run, a test for instance. */
function removeOrphans(sources, compiled) {
  for (const path of Object.keys(compiled))
    if (isSource(path) && sources[path] === undefined)
      for (const file of [compiledOf(path), `${compiledOf(path)}.map`])
        rmSync(file, { force: true })
}

function compile(options) {
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  )
  const { status, error } = spawnSync(process.execPath, [tsc, ...options], {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) throw error
  return status ?? 1
}

const check = process.argv.includes('--check')
const sources = readSources()
const compiled = readCompiled()
const missing = Object.keys(sources).some(path => isSource(path) && !existsSync(compiledOf(path)))
const changed =
  compiled === null ||
  Object.keys({ ...sources, ...compiled }).some(path => sources[path] !== compiled[path])

if (check || missing || changed) {
  mkdirSync(dist, { recursive: true })
  // Only without it are missing files written again.
  if (missing) rmSync(buildInfo, { force: true })
  if (compiled !== null) removeOrphans(sources, compiled)
  process.exitCode = compile(check ? [] : ['--noCheck'])
  if (process.exitCode === 0) {
    // Another command may compile at the same time: each writes its list whole.
    const made = `${compiledList}.${process.pid}`
    writeFileSync(made, JSON.stringify(sources))
    renameSync(made, compiledList)
  }
}
