/** The bare uWebSockets sink as a server: what a socket costs before anything is done with what it brings. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Context } from '../bench.ts'
import { askCounters, type Counters } from '../server.ts'

/** Its one counter is `bytes`, of payloads. */
export interface Sink { url: string; pids: number[]; counters(): Promise<Counters> }

/** Ends with the bench. */
export async function startSink(context: Context): Promise<Sink> {
  const child = fork(fileURLToPath(new URL('./sink-child.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  context.defer(async () => {
    const ended = new Promise<void>(resolve => { child.once('exit', () => resolve()) })
    child.kill('SIGTERM')
    await ended
    process.off('exit', kill)
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', message => resolve((message as { url: string }).url))
    child.once('exit', code => reject(new Error(`the sink ended with ${code}`)))
  })
  return { url, pids: [child.pid!], counters: () => askCounters(child) }
}
