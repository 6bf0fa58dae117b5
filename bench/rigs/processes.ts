/**
 * Resources that processes use, read from /proc. The generator and the server share the machine's
 * processors, so frames per second of wall-clock time depend on how they share; frames per second
 * of the server's own processor time do not. Without /proc (not on Linux) these numbers are left
 * out.
 */
import { readFileSync } from 'node:fs'

/** Unit of the times in /proc/PID/stat; 100 on every Linux of today. */
const ticksPerSecond = 100
/** Position of `utime` (and then `stime`) after the name, which may contain spaces. */
const userAt = 11

/** User and system time of all threads, in steps of 10 ms; null when it cannot be read. */
export function cpuSecondsOf(pids: readonly number[]): number | null {
  return sum(pids, pid => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[userAt]) + Number(fields[userAt + 1])) / ticksPerSecond
  })
}

/** Resident memory in bytes; null when it cannot be read. */
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
