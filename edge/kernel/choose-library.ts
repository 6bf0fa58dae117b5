/**
 * Chooses the package of uWebSockets.js whose binary loads here. A binary fits one version of Node,
 * and it needs a C library that is at least as new as the one it was built with, so no single
 * package fits all.
 */
import { ConfigError } from '../../protocol/kernel/environment.ts'

/** The properties of the machine on which a binary depends. */
export interface Machine {
  /** Version of Node, such as 22.23.5. */
  nodeVersion: string
  platform: string
  architecture: string
  /** Version of the C library, such as 2.36; null without glibc (musl, macOS, Windows). */
  glibcVersion: string | null
}

/**
 * Resolves to the first library that loads. Throws ConfigError, one line that says what to do, when
 * none does.
 */
export async function chooseLibrary<Library>(
  libraries: readonly (() => Promise<Library>)[],
  machine: () => Machine,
): Promise<Library> {
  const failures: unknown[] = []
  for (const load of libraries) {
    try {
      return await load()
    } catch (error) {
      failures.push(error)
    }
  }
  throw new ConfigError(advice(machine(), failures.every(isMissing)))
}

/** The package is not installed, as opposed to a binary that is missing in it or does not load. */
const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'

function advice(
  { nodeVersion, platform, architecture, glibcVersion }: Machine,
  missing: boolean,
): string {
  if (missing) return 'uWebSockets.js is not installed; run: npm ci'
  const system = platform === 'linux' ? (glibcVersion ? `glibc ${glibcVersion}` : 'musl') : platform
  const where = `uWebSockets.js has no binary that loads under Node ${nodeVersion} on ${architecture} with ${system}`
  if (system === 'musl')
    return `${where}; use a system with glibc, such as Debian or Ubuntu, instead of Alpine`
  const major = nodeVersion.split('.')[0]!
  if (['24', '25'].includes(major) && platform === 'linux')
    return `${where}; use Node 20 or 22, or a system with glibc 2.38 or later, such as Debian 13 or Ubuntu 24.04`
  return `${where}; use Node 20, 22 or 24 on Linux, macOS or Windows`
}

/** This machine. The report takes a few milliseconds, so it is made only after a failure. */
export function thisMachine(): Machine {
  const { header } = process.report.getReport() as {
    header: { glibcVersionRuntime?: string }
  }
  return {
    nodeVersion: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    glibcVersion: header.glibcVersionRuntime ?? null,
  }
}
