/**
 * What processes use, from /proc: the generator and the server share the machine's processors, so that
 * frames a second of wall-clock time depend on who gets them; frames a second of the server's own
 * processor time do not. Elsewhere than on Linux there is no /proc, and these numbers are left out.
 */
import { readFileSync } from 'node:fs'

/** Of `times` in /proc/PID/stat; 100 on every Linux of today. */
const ticksPerSecond = 100
/** `utime` and `stime` counted from after the name, which may hold spaces. */
const userAt = 11

/** User and system time of all threads; null where it cannot be read. Steps of 10 ms. */
export function cpuSecondsOf(pids: readonly number[]): number | null {
  return sum(pids, pid => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[userAt]) + Number(fields[userAt + 1])) / ticksPerSecond
  })
}

/** Resident memory; null where it cannot be read. */
export function residentBytesOf(pids: readonly number[]): number | null {
  return sum(
    pids,
    pid =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024,
  )
}

function sum(pids: readonly number[], of: (pid: number) => number): number | null {
  try {
    return pids.length === 0 ? null : pids.reduce((total, pid) => total + of(pid), 0)
  } catch {
    return null
  }
}
