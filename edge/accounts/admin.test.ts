/** The command that makes an administrator: alone, and while a server has the database. */
import { execFile, spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { accountByPassword } from './accounts.ts'
import { serveAdministrators } from './admin-socket.ts'
import { makeAdministrator } from './administrator.ts'

const dataDir = await preparedDataDir()
t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
const command = fileURLToPath(new URL('admin.js', import.meta.url))

const run = (args: string[], environment: NodeJS.ProcessEnv = {}) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    const child = execFile(
      process.execPath,
      [command, ...args],
      { env: { ...process.env, DATA_DIR: dataDir, ...environment } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
    child.stdin?.end()
  })

t.test('a mistake in the arguments prints one line and exits with code 2', async t => {
  t.match(await run(['--help']), { code: 0, out: /CADUCEUS_ADMIN_PASSWORD/ })
  t.match(await run(['create', 'nobody']), {
    code: 2,
    err: /^admin: "nobody" is not an e-mail address\n$/,
  })
  t.match(await run(['remove', 'a@example.org']), { code: 2, err: /expected: create EMAIL/ })
  t.match(await run(['create', 'a@example.org'], { CADUCEUS_ADMIN_PASSWORD: 'short' }), {
    code: 2,
    err: /8 to 200 characters/,
  })
})

t.test('an administrator is made once', async t => {
  const made = await run(['create', 'a@example.org'])
  t.match(made, { code: 0, out: /Made the administrator a@example.org/ })
  const password = /shown this once: (\S+)/.exec(made.out)![1]!
  t.match(await run(['create', 'A@example.org'], { CADUCEUS_ADMIN_PASSWORD: 'password123' }), {
    code: 1,
    err: /^admin: this e-mail has an account already\n$/,
  })
  const database = await openDatabase({ dataDir })
  t.match(await accountByPassword(database.kysely, 'a@example.org', password), { role: 'admin' })
  t.match(
    await run(['create', 'b@example.org']),
    { code: 1, err: /^admin: .+\n$/ },
    'the command fails while another process has the database and no socket',
  )
  await database.close()
})

/** Runs the command at a terminal and types the line when it asks for the password. */
const runAtTerminal = (email: string, typed: string): Promise<{ code: number; out: string }> =>
  new Promise(resolve => {
    const line = [process.execPath, command, 'create', email].map(part => `'${part}'`).join(' ')
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      env: { ...process.env, DATA_DIR: dataDir },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let out = ''
    let isTyped = false
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      out += piece
      if (!isTyped && out.includes('Password')) {
        isTyped = true
        child.stdin.write(`${typed}\r`)
      }
    })
    child.on('close', code => resolve({ code: code!, out }))
  })

t.test('at a terminal the password is asked for and never shown', async t => {
  const typed = 'typed password 7'
  const made = await runAtTerminal('typed@example.org', typed)
  t.match(made, { code: 0, out: /Made the administrator typed@example.org/ })
  t.notOk(made.out.includes(typed), 'what is typed is not shown')
  t.notOk(made.out.includes('shown this once'), 'no other password is generated')
  const generated = await runAtTerminal('empty@example.org', '')
  t.match(generated, { code: 0, out: /Password, shown this once: \S+/ })
  const database = await openDatabase({ dataDir })
  t.teardown(() => database.close())
  t.match(await accountByPassword(database.kysely, 'typed@example.org', typed), { role: 'admin' })
})

t.test('while a server has the database, the server makes the account', async t => {
  const database = await openDatabase({ dataDir })
  t.teardown(() => database.close())
  const clock = { nowMs: () => Date.now(), random: () => Math.random() }
  const end = await serveAdministrators(dataDir, administrator =>
    makeAdministrator(database.kysely, clock, administrator),
  )
  t.teardown(end)
  t.equal(statSync(join(dataDir, 'admin.sock')).mode & 0o077, 0, 'nobody else may open the socket')
  const password = 'password123'
  t.match(await run(['create', 'c@example.org'], { CADUCEUS_ADMIN_PASSWORD: password }), {
    code: 0,
    out: /Made the administrator c@example.org/,
  })
  t.match(await accountByPassword(database.kysely, 'c@example.org', password), { role: 'admin' })
  t.match(await run(['create', 'c@example.org'], { CADUCEUS_ADMIN_PASSWORD: password }), {
    code: 1,
    err: /^admin: this e-mail has an account already\n$/,
  })
})
