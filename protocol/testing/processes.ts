/** Starts engines and edges as separate processes, as a deployment does, for tests and benches. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../kernel/assets.ts'
import { dyingWithUs } from './services.ts'

export interface Child {
  process: ChildProcess
  /** The end of its output, for the message of a failed start. */
  output(): string
  /** Ends it gracefully; resolves with the exit code. */
  stop(): Promise<number | null>
  kill(signal?: NodeJS.Signals): Promise<void>
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** `entry` is a compiled file below dist, for instance `engine/main.js`. */
export const startProcess = (
  entry: string,
  environment: NodeJS.ProcessEnv,
  execArgv: readonly string[] = [],
): Child =>
  startCommand(
    [
      process.execPath,
      '--enable-source-maps',
      ...execArgv,
      fileURLToPath(assetUrl(`dist/${entry}`)),
    ],
    { PATH: process.env['PATH'], ...environment },
  )

/**
 * Starts any program. It is killed when this process ends without stopping it, even when a test
 * runner ends this process with SIGKILL.
 */
export function startCommand(
  command: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
  cwd?: string,
): Child {
  const [file, ...args] = dyingWithUs(command)
  const child = spawn(file, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  })
  children.add(child)
  let tail = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      tail = (tail + String(data)).slice(-4_000)
    })
  const ended = new Promise<number | null>(resolve => {
    child.once('exit', code => {
      children.delete(child)
      resolve(code)
    })
  })
  return {
    process: child,
    output: () => tail,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
    async kill(signal = 'SIGKILL') {
      child.kill(signal)
      await ended
    },
  }
}

/**
 * A start takes some seconds of processor time, and a busy machine gives little of it. A start that
 * hangs ends the test after this time, ms.
 */
const healthyTimeoutMs = 90_000

/** Resolves when `GET /api/health` says healthy. Throws with the child's last output. */
export async function untilHealthy(
  url: string,
  child: Child,
  timeoutMs = healthyTimeoutMs,
): Promise<void> {
  const until = Date.now() + timeoutMs
  for (;;) {
    try {
      const answer = await fetch(`${url}/api/health`)
      if (answer.ok && ((await answer.json()) as { status: string }).status === 'healthy') return
    } catch {
      /* Not up yet. */
    }
    if (child.process.exitCode !== null || Date.now() > until)
      throw new Error(`${url} did not become healthy:\n${child.output()}`)
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
}
