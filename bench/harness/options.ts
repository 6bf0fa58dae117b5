/**
 * Command lines of the tools in this folder: `--name value`, flags, `--help`. A mistake gives one
 * line that names the option and the remedy. It is thin over node:util, and adds numbers with
 * bounds and a help text from the same table, so that the two cannot differ.
 */
import { parseArgs } from 'node:util'

export interface Option {
  help: string
  /** The placeholder of the value in the help text. A flag has none. */
  value?: string
  /** Bounds of a number; without it the option is text. */
  number?: { min: number; max: number; whole?: boolean }
  default?: string | number
}
export type OptionTable = Readonly<Record<string, Option>>

export class UsageError extends Error {}

export interface Options {
  help: boolean
  positionals: string[]
  flag(name: string): boolean
  text(name: string): string | null
  /** The given number or the default. Throws when the table has no default. */
  number(name: string): number
}

/** Throws UsageError. */
export function readOptions(
  table: OptionTable,
  argv: readonly string[],
  positionalsMax = 0,
): Options {
  const config: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } }
  for (const [name, option] of Object.entries(table))
    config[name] = { type: option.value === undefined ? 'boolean' : 'string' }
  let parsed
  try {
    parsed = parseArgs({ args: [...argv], options: config, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]!)
  }
  const { values, positionals } = parsed
  if (positionals.length > positionalsMax)
    throw new UsageError(
      `"${positionals[positionalsMax]}" is not expected; --help lists the options`,
    )
  for (const [name, option] of Object.entries(table)) {
    const given = values[name]
    if (option.number === undefined || typeof given !== 'string') continue
    const number = Number(given)
    const { min, max, whole } = option.number
    if (
      given.trim() === '' ||
      !Number.isFinite(number) ||
      number < min ||
      number > max ||
      (whole === true && !Number.isInteger(number))
    )
      throw new UsageError(
        `--${name}: "${given}" is not a ${whole === true ? 'whole ' : ''}number from ${min} to ${max}`,
      )
  }
  return {
    help: values['help'] === true,
    positionals,
    flag: name => values[name] === true,
    text: name =>
      (values[name] as string | undefined) ?? (table[name]?.default as string | undefined) ?? null,
    number: name => {
      const value = values[name] ?? table[name]?.default
      if (value === undefined) throw new UsageError(`--${name} is needed`)
      return Number(value)
    },
  }
}

/** The options as lines of a help text. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries({ ...table, help: { help: 'this text' } as Option }).map(
    ([name, option]) =>
      [
        `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
        option.help + (option.default === undefined ? '' : ` (${option.default})`),
      ] as const,
  )
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

/**
 * Runs a tool. A UsageError prints one line and exits with `usageCode`; another error prints its
 * message and exits with 1.
 */
export async function runTool(
  name: string,
  main: (argv: string[]) => Promise<number>,
  usageCode = 64,
): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    const usage = error instanceof UsageError
    process.stderr.write(
      `${name}: ${usage || !(error instanceof Error) ? String((error as Error).message) : (error.stack ?? error.message)}\n`,
    )
    process.exitCode = usage ? usageCode : 1
  }
  // Open sockets of a failed run must not keep the tool alive.
  process.exit()
}
