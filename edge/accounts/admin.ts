/**
 * `npm run admin -- create EMAIL`: the only way to make an administrator. It needs the database
 * itself, which only the operator of the system can reach; HTTP never makes an administrator.
 */
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { openDatabase } from '../../migrations/database/open.ts'
import { processEnvironment } from '../../protocol/kernel/environment-file.ts'
import { normalPhone, phoneRule } from '../../protocol/accounts/phones.ts'
import { readKernelConfig } from '../kernel/config.ts'
import {
  askForAdministrator,
  type AdministratorAnswer,
  type NewAdministrator,
} from './admin-socket.ts'
import { makeAdministrator } from './administrator.ts'
import { emailPattern } from '../kernel/email.ts'
import { passwordCharactersMax, passwordCharactersMin } from '../text/limits.ts'

const help = `Usage: npm run admin -- create EMAIL [--name NAME] [--phone PHONE]

Makes an administrator's account.

The password is read from CADUCEUS_ADMIN_PASSWORD, or asked for at a terminal; without
either, or when nothing is typed, one is generated and printed once.

The database is that of DATABASE_URL, or the embedded one in DATA_DIR (default ./data).
It works while the server runs, too: with the embedded database, the server makes the account.
`

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      name: { type: 'string' },
      phone: { type: 'string' },
    },
  })
  if (values.help === true || positionals.length === 0) {
    process.stdout.write(help)
    return
  }
  const [command, email, ...rest] = positionals
  if (command !== 'create' || email === undefined || rest.length > 0)
    throw new UsageError('expected: create EMAIL; --help says more')
  if (!new RegExp(emailPattern).test(email))
    throw new UsageError(`"${email}" is not an e-mail address`)

  const environment = processEnvironment(line => process.stderr.write(`admin: ${line}\n`))
  const config = readKernelConfig(environment, 'embedded')
  const phone = values.phone === undefined ? '' : normalPhone(values.phone, config.phoneCountry)
  if (phone === null) throw new UsageError(`--phone ${phoneRule}`)
  const given = environment['CADUCEUS_ADMIN_PASSWORD'] ?? (await askPassword())
  const password = given === '' ? randomBytes(18).toString('base64url') : given
  if (password.length < passwordCharactersMin || password.length > passwordCharactersMax)
    throw new UsageError(
      `the password must have ${passwordCharactersMin} to ${passwordCharactersMax} characters`,
    )

  const administrator = { email, name: values.name ?? 'Administrator', phone, password }
  const answer =
    // A server that runs with the embedded database makes the account; otherwise the database is
    // opened here.
    (config.databaseUrl === null
      ? await askForAdministrator(config.dataDir, administrator)
      : null) ?? (await makeHere(config, administrator))
  if ('refused' in answer) throw new Error(answer.refused)
  process.stdout.write(`Made the administrator ${email} (${answer.id}).\n`)
  if (given === '') process.stdout.write(`Password, shown this once: ${password}\n`)
}

async function makeHere(
  { databaseUrl, dataDir }: { databaseUrl: string | null; dataDir: string },
  administrator: NewAdministrator,
): Promise<AdministratorAnswer> {
  const database = await openDatabase(databaseUrl === null ? { dataDir } : { url: databaseUrl })
  try {
    const clock = {
      nowMs: () => Date.now(),
      random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    }
    return await makeAdministrator(database.kysely, clock, administrator)
  } finally {
    await database.close()
  }
}

/** The typed password, which is not shown; empty when there is no terminal or nothing was typed. */
async function askPassword(): Promise<string> {
  if (!process.stdin.isTTY) return ''
  const silent = new Writable({
    write(_chunk, _encoding, done) {
      done()
    },
  })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true })
  // The reader has turned the echo off. A question before it would show a fast answer.
  process.stdout.write('Password (empty: one is generated): ')
  try {
    return await reader.question('')
  } finally {
    reader.close()
    process.stdout.write('\n')
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const text = error instanceof Error ? error.message : String(error)
  process.stderr.write(`admin: ${text}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
