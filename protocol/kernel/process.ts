/**
 * The life of a process: start, one line when it cannot, and a graceful end. SIGTERM and SIGINT
 * drain and exit 0; a second one does not wait. An unexpected exception ends the process at once:
 * the journal has what was acknowledged, and a half-broken process has no business acknowledging more.
 */
import { ConfigError, type Environment } from './environment.ts'

export interface Running {
  /** Drains; resolves when nothing is left to do. */
  stop(): Promise<void>
}

export interface ProcessText {
  /** Stands before each line that the process says of itself. */
  name: string
  help: string
}

/** Of a process that was called with arguments that it does not know. */
const wrongUsageCode = 2

/**
 * Runs `start` with the process's environment. `drainMs` bounds the graceful end. `--help` and an
 * argument that is not expected are answered before it: import what is large inside of `start`.
 */
export async function runProcess(
  { name, help }: ProcessText,
  drainMs: number,
  start: (environment: Environment) => Promise<Running>,
): Promise<void> {
  const say = (line: string): void => {
    process.stderr.write(`${name}: ${line}\n`)
  }
  const [argument] = process.argv.slice(2)
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(`${help}\n`)
    return
  }
  if (argument !== undefined) {
    say(`"${argument}" is not expected; all settings come from the environment, --help names them`)
    process.exitCode = wrongUsageCode
    return
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      say(error instanceof Error ? (error.stack ?? error.message) : String(error))
      process.exit(70)
    })
  let running: Running
  try {
    running = await start(process.env)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say(message)
    process.exit(error instanceof ConfigError ? 78 : 1)
  }
  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) process.exit(1)
    stopping = true
    say(`${signal}: draining`)
    const bound = setTimeout(() => {
      say(`not drained after ${drainMs} ms`)
      process.exit(1)
    }, drainMs)
    running.stop().then(
      () => {
        clearTimeout(bound)
        process.exit(0)
      },
      error => {
        say(`stopping failed: ${String(error)}`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}
