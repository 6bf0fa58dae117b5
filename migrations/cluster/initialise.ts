/**
 * Makes a new cluster: the files of a PostgreSQL server before its first start. The directory gets
 * its name only when it is whole, so a start that was cut short begins again.
 */
import { execFile } from 'node:child_process'
import { chownSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { asAccount, type Account } from './account.ts'
import { noDatabaseFor, type Binaries } from './binaries.ts'

const run = promisify(execFile)

/**
 * The built-in locale C.UTF-8 orders by code point and folds the case of all letters, on every
 * platform alike. Rejected: the locale of the machine. An index that one library of locales has
 * ordered is wrong for another one. `trust`: the socket's directory is closed to other users.
 */
const settings = [
  '--username=postgres',
  '--auth=trust',
  '--encoding=UTF8',
  '--no-locale',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
]

/** Throws an error whose message is the reason that initdb gives. */
export async function initialise(
  binaries: Binaries,
  account: Account | null,
  directory: string,
  temporary: boolean,
): Promise<void> {
  const making = `${directory}.making`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { mode: 0o700 })
  if (account !== null) chownSync(making, account.uid, account.gid)
  const [program, ...args] = asAccount(account, [
    binaries.initdb,
    '-D',
    making,
    ...settings,
    ...(temporary ? ['--no-sync'] : []),
  ])
  try {
    await run(program!, args, { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw new Error(reasonOf(error, binaries), { cause: error })
  }
  renameSync(making, directory)
}

/** One line. A program that does not start at all is of another platform. */
function reasonOf(error: unknown, binaries: Binaries): string {
  const { code, path, stderr, message } = error as {
    code?: unknown
    path?: string
    stderr?: string
    message: string
  }
  if (code === 'ENOENT' && path !== binaries.initdb)
    return `root cannot start it without the program ${path}: run as another user, or set DATABASE_URL`
  if (code === 'ENOENT') return noDatabaseFor(`${process.platform}-${process.arch}`)
  const lines = (stderr ?? '').split('\n').filter(line => line.includes('error: '))
  return (lines[0] ?? stderr?.trim().split('\n')[0] ?? '') || message.split('\n')[0]!
}
