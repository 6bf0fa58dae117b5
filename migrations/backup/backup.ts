/**
 * Copies an embedded data directory to one file and back: `npm run backup -- FILE`, `npm run
 * restore -- FILE`. The file is a gzipped tar of the database's own files after a clean end, of the
 * signing keys and of the uploads. So the restored server is the same: tokens stay valid, and
 * pictures are there.
 *
 * The key of encryption at rest is a file of its own beside the backup, `FILE.key`, so that the two
 * can lie apart: who has the backup alone reads no uploaded file.
 *
 * The directory is locked meanwhile. A running server keeps its lock; then the backup says so and
 * ends, because files that are copied while the database writes them do not fit each other.
 * Distributed deployments use the tools of PostgreSQL.
 *
 * Rejected: SQL text. Every later version would have to read one more format.
 */
import { execFile } from 'node:child_process'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { earlierName } from '../database/earlier.ts'
import { clusterName } from '../database/move-into-cluster.ts'
import { lockDirectory } from '../database/lock.ts'
import { openDatabase } from '../database/open.ts'

const run = promisify(execFile)
/**
 * The entries of a data directory that a backup keeps. `lock` belongs to the running process.
 * All but the database may be missing.
 */
const kept = [clusterName, 'jwt-secret', 'vapid-private-key', 'custody-log-key', 'uploads'] as const

const keyName = 'encryption-key'
/** The file with the key beside a backup. */
export const keyBeside = (file: string): string => `${file}.key`

const outputBytesMax = 1024 * 1024

/**
 * Writes FILE, which must not exist. The key of an earlier backup may lie there when it is the same.
 * Rejects with one line that says what to do.
 */
export async function backup(dataDir: string, file: string): Promise<void> {
  const target = resolve(file)
  if (existsSync(target)) throw new Error(`${target} exists; name a file that does not`)
  const key = join(dataDir, keyName)
  const beside = keyBeside(target)
  const isKept = existsSync(beside)
  if (isKept && !(existsSync(key) && readFileSync(beside).equals(readFileSync(key))))
    throw new Error(`${beside} exists and is another key; name a file that does not`)
  if (![clusterName, earlierName].some(name => existsSync(join(dataDir, name))))
    throw new Error(
      `DATA_DIR ${dataDir} holds no database; set DATA_DIR to the directory of the server`,
    )
  // Open and close it: this recovers work that a crash left half done, and brings the schema up to
  // date.
  await (await openDatabase({ dataDir })).close()
  const lock = await lockDirectory(dataDir)
  const making = `${target}.part`
  try {
    await tar([
      '-C',
      resolve(dataDir),
      '-czf',
      making,
      ...kept.filter(name => existsSync(join(dataDir, name))),
    ])
    sync(making)
    if (existsSync(key) && !isKept) {
      // The copy has the mode of the file: this user alone reads it.
      copyFileSync(key, beside, constants.COPYFILE_EXCL)
      sync(beside)
    }
    renameSync(making, target)
  } catch (error) {
    rmSync(making, { force: true })
    throw new Error(`the backup could not be written: ${lineOf(error)}`, { cause: error })
  } finally {
    await lock.release()
  }
}

/**
 * Unpacks FILE into DATA_DIR, which must be empty or missing, and opens the database once to see
 * that it is whole.
 */
export async function restore(dataDir: string, file: string): Promise<void> {
  const source = resolve(file)
  if (!existsSync(source)) throw new Error(`${file} is not there`)
  mkdirSync(dataDir, { recursive: true })
  const present = readdirSync(dataDir).filter(name => name !== 'lock')
  if (present.length > 0)
    throw new Error(
      `DATA_DIR ${dataDir} is not empty (${present.slice(0, 3).join(', ')}); restore into an empty one, nothing is overwritten`,
    )
  const lock = await lockDirectory(dataDir)
  const unpack = (name: string): Promise<void> =>
    tar(['-C', resolve(dataDir), '-xzf', source, name])
  try {
    // A backup of an earlier release has its database under another name; opening it moves it.
    await unpack(clusterName).catch(() => unpack(earlierName))
    // The keys and the uploads are there only where the server had its own.
    for (const name of kept.slice(1)) await unpack(name).catch(() => undefined)
    if (existsSync(keyBeside(source)))
      copyFileSync(keyBeside(source), join(dataDir, keyName), constants.COPYFILE_EXCL)
  } catch (error) {
    for (const name of [clusterName, earlierName])
      rmSync(join(dataDir, name), { recursive: true, force: true })
    throw new Error(`${file} is not a whole backup: ${lineOf(error)}`, { cause: error })
  } finally {
    await lock.release()
  }
  await (await openDatabase({ dataDir })).close()
}

async function tar(args: string[]): Promise<void> {
  await run('tar', args, { maxBuffer: outputBytesMax })
}

/** Sync the file before it gets its name. */
function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const lineOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n')[0]!
}
