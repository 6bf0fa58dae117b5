/**
 * A server in its own process that reports its address over the process channel: ours embedded, the
 * bare one, or a peer's. It ends with `stop()` and with this process, however this process ends.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ServerChild {
  url: string
  pid: number
  child: ChildProcess
  /** Sends SIGTERM, then SIGKILL if the process does not end. Harmless after its end. */
  stop(): Promise<void>
}

/** Closes deferred resources after the measurement, last first, also after an error or Ctrl-C. */
export interface Closing {
  defer(close: () => unknown): void
}

export interface ServerChildOptions {
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
  execArgv?: readonly string[]
}

const startTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const outputCharactersMax = 4_000

/**
 * `file` is a compiled file that sends `{ url }` once it listens. Throws with the last output when
 * the process ends earlier or takes too long.
 */
export async function startServerChild(
  file: URL,
  { args = [], env = process.env, execArgv = process.execArgv }: ServerChildOptions = {},
): Promise<ServerChild> {
  const child = fork(fileURLToPath(file), args, {
    env,
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let output = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-outputCharactersMax)
    if (process.env['LOG_LEVEL'] !== undefined) process.stderr.write(text)
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    await ended(child)
    process.off('exit', kill)
  }
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(new Error(`${nameOf(file)} is not ready after ${startTimeoutMs} ms: ${output}`)),
        startTimeoutMs,
      )
      child.once('message', message => {
        clearTimeout(timer)
        resolve((message as { url: string }).url)
      })
      child.once('exit', (code, signal) => {
        clearTimeout(timer)
        reject(new Error(`${nameOf(file)} ended with ${code ?? signal}: ${output}`))
      })
    })
    return { url, pid: child.pid!, child, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const nameOf = (file: URL): string => file.pathname.slice(file.pathname.lastIndexOf('/') + 1)

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  child.kill('SIGTERM')
  await gone
  clearTimeout(timer)
}

/**
 * Asks the process one question over the process channel, because HTTP would wait behind the load.
 * One question at a time.
 */
export function askChild<T>(child: ChildProcess, question: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (settle: () => void): void => {
      clearTimeout(timer)
      child.off('message', take)
      child.off('exit', end)
      settle()
    }
    const take = (message: unknown): void => give(() => resolve(message as T))
    const end = (): void => give(() => reject(new Error('the process ended before it answered')))
    const timer = setTimeout(
      () => give(() => reject(new Error('the process does not answer'))),
      answerTimeoutMs,
    )
    child.once('message', take)
    child.once('exit', end)
    child.send(question as object)
  })
}
/** Time for making ten thousand deliveries on a slow disk, ms. */
const answerTimeoutMs = 300_000
