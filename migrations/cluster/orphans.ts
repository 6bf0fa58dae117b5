/**
 * PostgreSQL processes that an earlier process of ours left behind in a data directory. Normally
 * the guard of `server.ts` ends them; it may have been killed as well.
 *
 * Only a process whose working directory is this cluster is ours. Rejected: the process number in
 * `postmaster.pid` alone. After a power cut another program may have that number.
 */
import { readFileSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const lookIntervalMs = 20
/** Times after which an orphan is asked to end, is told to end without a checkpoint, and is given up. */
const patience = { askMs: 2_000, tellMs: 30_000, giveUpMs: 40_000 }

/**
 * Resolves when no process works in the cluster. The caller holds the lock of the data directory,
 * so each process that works there was left by one that has ended. Throws one line when one does not
 * end.
 */
export async function endOrphans(cluster: string): Promise<void> {
  const directory = realpathSync(cluster)
  let asked = false
  let told = false
  for (let waitedMs = 0; ; waitedMs += lookIntervalMs) {
    const living = processesIn(directory)
    if (living === null) return
    if (living.length === 0) return rmSync(join(directory, 'postmaster.pid'), { force: true })
    if (waitedMs >= patience.giveUpMs)
      throw new Error(
        `the PostgreSQL process ${living[0]} works in ${cluster} and does not end: end it, or set DATA_DIR to another directory`,
      )
    const postmaster = living.find(pid => pid === postmasterOf(directory))
    if (postmaster !== undefined && waitedMs >= patience.tellMs && !told) {
      told = true
      signal(postmaster, 'SIGQUIT')
    } else if (postmaster !== undefined && waitedMs >= patience.askMs && !asked) {
      asked = true
      signal(postmaster, 'SIGINT')
    }
    await sleep(lookIntervalMs)
  }
}

/** Null where the system does not tell: then PostgreSQL's own check of `postmaster.pid` decides. */
function processesIn(directory: string): number[] | null {
  if (process.platform !== 'linux') return null
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid && worksIn(pid, directory))
}

function worksIn(pid: number, directory: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === directory &&
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
    )
  } catch {
    // It has ended meanwhile, or it belongs to another user.
    return false
  }
}

/** The other processes of a cluster end by themselves when this one has ended. */
function postmasterOf(directory: string): number | null {
  try {
    return Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    return null
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}
