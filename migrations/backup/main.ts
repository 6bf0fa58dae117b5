/**
 * `npm run backup -- FILE` and `npm run restore -- FILE`: the embedded data directory in one file,
 * and back.
 */
import { ConfigError, textVariable } from '../../protocol/kernel/environment.ts'
import { processEnvironment } from '../../protocol/kernel/environment-file.ts'
import { existsSync } from 'node:fs'
import { backup, keyBeside, restore } from './backup.ts'

const help = `Usage: npm run backup -- FILE
       npm run restore -- FILE

backup writes the embedded database, the signing key and the uploads of DATA_DIR (default ./data) to
FILE, a gzipped tar that must not exist yet, and the key of encryption to FILE.key. Keep the two
apart, and neither alone: uploads cannot be read without the key. restore takes FILE.key where it
lies beside FILE; without it set ENCRYPTION_KEY, or bring the key to DATA_DIR/encryption-key.
restore unpacks FILE into DATA_DIR, which must be empty.

The embedded database belongs to one process: stop the server first, or the backup stops with a line
that names its process. Uploads that UPLOAD_DIR or an object store keeps elsewhere are not in FILE.
With DATABASE_URL use the tools of PostgreSQL: pg_dump and pg_restore.
`

const works = { backup, restore }

async function main([work, ...rest]: string[]): Promise<void> {
  if (
    work === undefined ||
    !Object.hasOwn(works, work) ||
    rest.length === 0 ||
    rest.includes('--help')
  ) {
    process.stdout.write(help)
    process.exitCode = rest.includes('--help') ? 0 : 2
    return
  }
  const [file, ...more] = rest
  if (file!.startsWith('-')) throw new ConfigError(`"${file}" is not a FILE; --help says more`)
  if (more.length > 0) throw new ConfigError(`"${more[0]}" is not expected; one FILE`)
  const environment = processEnvironment(line => process.stderr.write(`${work}: ${line}\n`))
  if (textVariable(environment, 'DATABASE_URL') !== null)
    throw new ConfigError(
      'DATABASE_URL is set, so the data is in PostgreSQL; use pg_dump and pg_restore, or unset it for the embedded database',
    )
  const dataDir = textVariable(environment, 'DATA_DIR') ?? './data'
  await works[work as keyof typeof works](dataDir, file!)
  const key = keyBeside(file!)
  const aboutKey = existsSync(key) ? ` Its key is ${key}: keep it in another place.` : ''
  process.stdout.write(
    work === 'backup'
      ? `${dataDir} is in ${file}.${aboutKey}\n`
      : `${file} is restored in ${dataDir}.\n`,
  )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${process.argv[2]}: ${(error as Error).message}\n`)
  process.exitCode = error instanceof ConfigError ? 78 : 1
}
