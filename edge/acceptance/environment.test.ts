/**
 * The processes with a `.env` in their folder, and with the variables of the systems that this one
 * replaces, as their documents write them.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startCommand, untilHealthy, type Child } from '../../protocol/testing/processes.ts'
import { http } from './people.ts'

const folder = t.testdir()
let folders = 0
/** Starts an entry in a new folder with this `.env`. */
const start = (
  entry: string,
  text: string,
  environment: NodeJS.ProcessEnv = {},
  args: string[] = [],
): Child => {
  const cwd = join(folder, String(++folders))
  mkdirSync(cwd)
  writeFileSync(join(cwd, '.env'), text)
  const file = fileURLToPath(assetUrl(`dist/${entry}`))
  return startCommand(
    [process.execPath, '--enable-source-maps', file, ...args],
    { PATH: process.env['PATH'], ...environment },
    cwd,
  )
}
/** The exit code and the output of a process that ends by itself. */
const ended = async (child: Child): Promise<{ code: number | null; output: string }> => {
  const code = await new Promise<number | null>(resolve => {
    if (child.process.exitCode !== null) resolve(child.process.exitCode)
    else child.process.once('close', resolve)
  })
  return { code, output: child.output() }
}
const key = 'a-key-of-the-older-system-with-many-characters'

t.test("the first document's file starts the server", async t => {
  const dataDir = await preparedDataDir()
  const port = await freePort()
  // medex-backend-analysis.md, "Environment Variables", with another folder for uploads and a port.
  const child = start(
    'edge/start.js',
    `# MongoDB Configuration
MONGO_URL="mongodb://localhost:27017"
DB_NAME="medex_delivery"

# CORS Configuration
CORS_ORIGINS="*"

# JWT Configuration
JWT_SECRET_KEY="your-super-secret-jwt-key-change-in-production"
JWT_ALGORITHM="HS256"
JWT_ACCESS_TOKEN_EXPIRE_MINUTES=15
JWT_REFRESH_TOKEN_EXPIRE_DAYS=7

# Google Maps API (OPTIONAL)
GOOGLE_MAPS_API_KEY="YOUR_GOOGLE_MAPS_API_KEY_HERE"

# Redis (OPTIONAL - for WebSocket scaling)
# REDIS_URL="redis://localhost:6379/0"

# File Upload
UPLOAD_DIR="${dataDir}/pictures"
MAX_UPLOAD_SIZE_MB=10
PORT=1
`,
    { DATA_DIR: dataDir, PORT: String(port) },
  )
  t.teardown(async () => {
    await child.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  await untilHealthy(url, child)
  const { headers } = await http(url, 'GET', '/api/health', {
    headers: { origin: 'https://app.example.org' },
  })
  t.ok(headers.get('access-control-allow-origin'), 'CORS_ORIGINS of the file is heard')
  const output = child.output()
  t.match(output, 'MONGO_URL and DB_NAME are not read: no MongoDB is needed')
  t.match(output, /\.env sets CORS_ORIGINS, DB_NAME, .*JWT_SECRET_KEY/)
  t.notMatch(output, /\.env sets .*PORT/, 'a variable that is set wins')
  t.notMatch(output, /your-super-secret|mongodb:\/\//, 'no value is told')
})

t.test('the variables of the second document are taken, or answered with one line', async t => {
  const port = await freePort()
  const django = `# Django Settings
SECRET_KEY=${key}
DEBUG=True

# Redis Configuration
REDIS_HOST=127.0.0.1
REDIS_PORT=${port}

# CORS Settings (for frontend)
CORS_ALLOWED_ORIGINS=http://localhost:3000,http://localhost:8080
`
  const taken = await ended(start('edge/start.js', django, { DATA_DIR: join(folder, 'none') }))
  t.equal(taken.code, 1)
  t.match(taken.output, 'SECRET_KEY is taken as JWT_SECRET_KEY\n')
  t.match(taken.output, 'CORS_ALLOWED_ORIGINS is taken as CORS_ORIGINS\n')
  t.match(taken.output, 'DEBUG is not read: NODE_ENV is what it was')
  t.match(taken.output, 'REDIS_HOST and REDIS_PORT are taken as REDIS_URL\n')
  t.match(taken.output, `REDIS_URL: cannot connect to redis://127.0.0.1:${port}`)
  t.notMatch(taken.output, key)
})

t.test('a broken line ends the start, and other commands read the file too', async t => {
  const [edge, backup] = [
    await ended(start('edge/main.js', 'PORT=8000\nsecret words\n')),
    await ended(start('migrations/backup/main.js', 'DATABASE_URL=nowhere\n', {}, ['backup', 'x'])),
  ]
  t.equal(edge.code, 78)
  t.match(edge.output, /\.env:2: is not NAME=value; a comment begins with #\n$/)
  t.notMatch(edge.output, 'secret', 'the line is not shown')
  t.equal(backup.code, 78)
  t.match(backup.output, 'DATABASE_URL is set, so the data is in PostgreSQL')
})
