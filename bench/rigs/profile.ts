/**
 * CPU profiles on demand, preloaded (`--import`) into a process under test. The first SIGUSR2
 * begins a profile; the second ends it and writes it to BENCH_PROFILE_DIR. So it contains the
 * measured rounds and nothing of the start. Rejected: `--cpu-prof`, whose file is mostly sign-ups
 * and waiting. Only main threads are profiled.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

const writtenTimeoutMs = 20_000
const pollMs = 50

/** Begins a profile of this thread. The returned function ends it and writes the file. */
export async function startProfile(): Promise<(path: string) => Promise<void>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  return async path => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    // A reader that waits for the file must not read half of it.
    writeFileSync(`${path}.part`, JSON.stringify(profile))
    renameSync(`${path}.part`, path)
  }
}

const profilePath = (folder: string, pid: number): string => join(folder, `${pid}.cpuprofile`)

/** Arguments of Node and environment of a child that can be profiled; empty without a folder. */
export function profileArguments(folder: string | null): {
  execArgv: string[]
  env: NodeJS.ProcessEnv
} {
  return folder === null
    ? { execArgv: [], env: {} }
    : { execArgv: ['--import', import.meta.url], env: { BENCH_PROFILE_DIR: folder } }
}

/**
 * Begins the profiles of those processes. The returned function ends them and resolves to the
 * files.
 */
export function profileProcesses(folder: string, pids: readonly number[]): () => Promise<string[]> {
  for (const pid of pids) process.kill(pid, 'SIGUSR2')
  return async () => {
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    const paths = pids.map(pid => profilePath(folder, pid))
    const giveUpMs = performance.now() + writtenTimeoutMs
    while (!paths.every(path => existsSync(path)) && performance.now() < giveUpMs)
      await new Promise<void>(resolve => {
        setTimeout(resolve, pollMs)
      })
    return paths.filter(path => existsSync(path))
  }
}

const folder = process.env['BENCH_PROFILE_DIR']
if (isMainThread && folder !== undefined) {
  let ending: Promise<(path: string) => Promise<void>> | null = null
  process.on('SIGUSR2', () => {
    if (ending === null) ending = startProfile()
    else {
      void ending.then(end => end(profilePath(folder, process.pid)))
      ending = null
    }
  })
}
