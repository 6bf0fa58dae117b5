/** Runs the command `npm run bench` as a process, for tests. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.js', import.meta.url))

export interface Ended {
  code: number | null
  output: string
}
/** Resolves when the process has ended. `watch` sees all that was said so far. */
export function run(
  argv: string[],
  env: NodeJS.ProcessEnv = {},
  watch: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...argv], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        watch(output, signal => child.kill(signal))
      })
    child.once('close', code => resolve({ code, output }))
  })
}
