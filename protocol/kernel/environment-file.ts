/**
 * Reads `.env` of the working folder at the start of a process. A variable that the environment has
 * already wins. Node reads the values; this file finds the lines that Node would skip or cut in
 * silence. Its errors never repeat a line, because a line may contain a secret.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { ConfigError, type Environment } from './environment.ts'
import { withOlderVariables } from './older-variables.ts'

const fileName = '.env'
/** No settings are as long; a longer file is another one. */
const bytesMax = 64 * 1024

/**
 * The environment of this process with the variables of `.env`, and with those of the older systems
 * under our names. `say` gets one line for each thing that a person should know. Throws ConfigError
 * for a broken line, which names the file and the line.
 */
export function processEnvironment(say: (line: string) => void): Environment {
  const added = Object.entries(variablesOf(fileName)).filter(([name]) => !(name in process.env))
  // Written to the process itself, because the libraries read some variables there.
  for (const [name, value] of added) process.env[name] = value
  if (added.length > 0) say(`${fileName} sets ${added.map(([name]) => name).join(', ')}`)
  return withOlderVariables(process.env, say)
}

/** The variables of a file; none when it does not exist. Throws ConfigError. */
export function variablesOf(file: string): Readonly<Record<string, string>> {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    throw new ConfigError(`${resolve(file)} cannot be read: ${code}; mend or remove it`)
  }
  if (bytes.byteLength > bytesMax)
    throw new ConfigError(
      `${resolve(file)} is larger than ${bytesMax / 1024} kB; it is no ${fileName}`,
    )
  const text = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
  const checked = check(text)
  if ('rule' in checked) throw faultOf(file, checked)
  const read = { ...parseEnv(checked.text) } as Record<string, string>
  const missed = missedIn(checked.names, read)
  if (missed !== null) throw faultOf(file, missed)
  return read
}

const faultOf = (file: string, { line, rule }: Fault): ConfigError =>
  new ConfigError(`${resolve(file)}:${line}: ${rule}`)

/** A name whose line Node reads otherwise than we do; its rules differ a little by version. */
function missedIn(names: ReadonlyMap<string, number>, read: object): Fault | null {
  const missed = [...names].find(([name]) => !Object.hasOwn(read, name))
  return missed === undefined
    ? null
    : { line: missed[1], rule: `${missed[0]} is not read by this Node; put the value in quotes` }
}

interface Fault {
  line: number
  rule: string
}

interface Checked {
  /** The names with their lines. */
  names: ReadonlyMap<string, number>
  /** Without comments and indents: Node 20 loses the line after some comments. */
  text: string
}

/** The first line that would be skipped, cut or overwritten, if there is one. */
function check(text: string): Fault | Checked {
  const seen = new Map<string, number>()
  const kept: string[] = []
  let open: { quote: string; line: number } | null = null
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1
    if (whole.includes('\0')) return { line, rule: 'has a byte that no variable may have' }
    let rest: string
    let quote: string
    if (open === null) {
      const trimmed = whole.trim()
      if (trimmed === '' || trimmed.startsWith('#')) continue
      const [, name, value] = /^(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/.exec(trimmed) ?? []
      if (name === undefined) return { line, rule: 'is not NAME=value; a comment begins with #' }
      const before = seen.get(name)
      if (before !== undefined)
        return { line, rule: `sets ${name} again, after line ${before}; keep one of them` }
      seen.set(name, line)
      rest = value!.trim()
      kept.push(`${name}=${rest}`)
      quote = rest.charAt(0)
      if (!/["'`]/.test(quote)) {
        if (/\S#/.test(rest))
          return { line, rule: `${name} has a # in its value; put the value in quotes` }
        continue
      }
      rest = rest.slice(1)
    } else {
      rest = whole
      kept.push(whole)
      quote = open.quote
    }
    const end = rest.indexOf(quote)
    if (end < 0) {
      open ??= { quote, line }
      continue
    }
    if (!/^\s*(?:#|$)/.test(rest.slice(end + 1)))
      return { line, rule: 'has text behind the closing quote' }
    open = null
  }
  return open === null
    ? { names: seen, text: `${kept.join('\n')}\n` }
    : { line: open.line, rule: `has a ${open.quote} that is never closed` }
}
