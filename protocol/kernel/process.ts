/**
 * The life of a process: the start, one line when the start fails, and a graceful end. SIGTERM and
 * SIGINT drain and exit with 0; a second signal exits at once. An unexpected exception ends the
 * process at once: the journal has everything that was acknowledged, and a half-broken process must
 * not acknowledge more.
 */
import { ConfigError, type Environment } from './environment.ts'
import { processEnvironment } from './environment-file.ts'

export interface Running {
  /** Drains. Resolves when no work is left. */
  stop(): Promise<void>
}

export interface ProcessText {
  /** The name at the beginning of each line of the process about itself. */
  name: string
  help: string
}

/** The exit code after an unknown argument. */
const wrongUsageCode = 2

/**
 * Runs `start` with the environment of the process and of `.env`. `drainMs` bounds the graceful end. `--help` and
 * an unexpected argument are answered before `start`, so import large modules inside `start`.
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
    running = await start(processEnvironment(say))
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
