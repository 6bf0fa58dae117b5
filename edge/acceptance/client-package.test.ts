/**
 * The client package as an app gets it: packed, unpacked alone in a folder, and run against a real
 * edge in Node and, bundled, in a real browser. The bundle tells which files the client imports.
 */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { pino } from 'pino'
import { chromium } from 'playwright-core'
import t from 'tap'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { startEmbedded } from '../embedded.ts'

const root = fileURLToPath(assetUrl('.'))
const run = promisify(execFile)

/**
 * The steps of an app, the same in Node and in the browser: all sockets connect, a request is won,
 * a driver is followed.
 */
const walk = `
import { RestClient, connectCustomer, connectDriver, connectTerminal, connectTracker } from 'caduceus/client'

export async function walk(url, WebSocket) {
  const unique = Math.random().toString(36).slice(2)
  const next = (from, name) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no ' + name)), 15000)
    const stop = from.on(name, event => { clearTimeout(timer); stop(); resolve(event) })
  })
  const [pharmacyApi, customerApi, driverApi] = [0, 1, 2].map(() => new RestClient({ url }))
  const place = { latitude: 27.7172, longitude: 85.324 + Math.random() / 10 }
  const password = 'password123', phone = '+9779841234567'
  const { vendor_id } = await pharmacyApi.registerVendor({ email: 'p' + unique + '@example.com', business_name: 'City Pharmacy', phone, password, address: '1 Main St', ...place })
  await customerApi.register({ email: 'c' + unique + '@example.com', full_name: 'John Doe', phone, role: 'user', password })
  const { driver_id } = await driverApi.registerDriver({ email: 'd' + unique + '@example.com', full_name: 'Dora', phone, password, vendor_id, vehicle_type: 'bike' })
  const as = api => ({ url, token: () => api.accessToken(), ...(WebSocket && { WebSocket }) })
  const terminal = connectTerminal(as(pharmacyApi)), customer = connectCustomer(as(customerApi)), driver = connectDriver(as(driverApi))
  await Promise.all([next(terminal, 'open'), next(customer, 'open'), next(driver, 'open')])

  const shown = next(terminal, 'new_request'), told = next(customer, 'pharmacy_response')
  const { request_id } = await customerApi.createRequest({ ...place, radius_km: 1 })
  const seen = await shown
  const { outcome } = await terminal.respond(seen.request_id, 'ACCEPTED', { text_message: 'Available!' })
  const answer = await told

  await driver.setStatus('available')
  const assigned = next(driver, 'assigned')
  const order = await pharmacyApi.assignDriver(request_id, driver_id)
  await assigned
  const tracker = connectTracker({ url, trackingToken: order.tracking_token, ...(WebSocket && { WebSocket }) })
  const state = await next(tracker, 'state')
  const pin = next(tracker, 'location'), ack = next(driver, 'ack')
  driver.sendLocation({ ...place })
  const { waiting } = await ack
  const { latitude } = await pin
  const refusal = await customerApi.getOrder('00000000-0000-7000-8000-000000000000').catch(error => error.code)
  for (const one of [terminal, customer, driver, tracker]) one.close()
  return { same: seen.request_id === request_id, outcome, text: answer.text_message, status: state.order.status, waiting, moved: latitude === place.latitude, refusal }
}
`
const expected = {
  same: true,
  outcome: 'won',
  text: 'Available!',
  status: 'driver_assigned',
  waiting: 0,
  moved: true,
  refusal: 'order_not_found',
}

const types = `
import { connectTerminal, RestClient, type NewRequest } from 'caduceus/client'
const terminal = connectTerminal({ url: 'http://127.0.0.1' })
terminal.on('new_request', (request: NewRequest) => { const km: number = request.distance_km; void km })
// @ts-expect-error there is no such event
terminal.on('nothing', () => {})
void new RestClient({ url: '' }).getOrder('x').then(order => order.status satisfies string)
`

t.test('the packed client needs nothing beside it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-consumer-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ filename: string }]
  const installed = join(folder, 'node_modules', 'caduceus')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1'])
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  writeFileSync(join(folder, 'walk.js'), walk)
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  await t.test('in Node, with no other package but a WebSocket', async t => {
    // Node 20 has none of its own.
    cpSync(join(root, 'node_modules', 'ws'), join(folder, 'node_modules', 'ws'), {
      recursive: true,
    })
    writeFileSync(
      join(folder, 'node.js'),
      `
      import { WebSocket } from 'ws'
      import { walk } from './walk.js'
      console.log(JSON.stringify(await walk(process.argv[2], WebSocket)))
      // Nothing holds the process: whoever closed everything is done.
    `,
    )
    const { stdout } = await run(process.execPath, ['node.js', server.url], {
      cwd: folder,
      timeout: 60_000,
    })
    t.same(JSON.parse(stdout), expected)
  })

  await t.test('bundled for a browser it has its own files and no others', async t => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: ['walk.js'],
      bundle: true,
      format: 'iife',
      globalName: 'app',
      platform: 'browser',
      minify: true,
      metafile: true,
      write: false,
    })
    const inputs = Object.keys(metafile.inputs).filter(input => input !== 'walk.js')
    t.ok(inputs.length > 5, `${inputs.length} files`)
    // Codec, limits and errors are allowed; bus, claims, schemas and other packages are not.
    const allowed =
      /^node_modules\/caduceus\/dist\/protocol\/(client\/[\w-]+|kernel\/(errors|limits)|river\/(frames|frame-parse|msgpack-skip))\.js$/
    t.same(
      inputs.filter(input => !allowed.test(input)),
      [],
    )
    t.same(
      Object.values(metafile.inputs)
        .flatMap(({ imports }) => imports)
        .filter(one => one.external),
      [],
      'no import is left outside the bundle',
    )
    const [bundle] = outputFiles
    t.ok(bundle!.contents.length < 60_000, `${bundle!.contents.length} bytes`)

    const executablePath = findBrowser()
    if (executablePath === null) {
      const line =
        'chromium not found; install with: apt-get install chromium (or set CHROMIUM to its path)'
      if (process.env['REQUIRE_SERVICES'] === '1') t.fail(line)
      else t.comment(line)
      return
    }
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
      ],
    })
    t.teardown(() => browser.close())
    // The content security policy of a page forbids added scripts, so the test bypasses it.
    const page = await (await browser.newContext({ bypassCSP: true })).newPage()
    await page.goto(`${server.url}/docs`)
    await page.addScriptTag({ content: bundle!.text })
    t.same(await page.evaluate(`app.walk(${JSON.stringify(server.url)})`), expected)
  })

  await t.test('its types compile, and refuse an event that does not exist', async t => {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    // As prepack does for all of protocol/; here only what the client reaches.
    writeFileSync(
      join(folder, 'declare.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        files: [join(root, 'protocol/client/index.ts')],
        include: [],
        compilerOptions: {
          incremental: false,
          tsBuildInfoFile: null,
          declaration: true,
          emitDeclarationOnly: true,
          sourceMap: false,
          types: [],
          rootDir: root,
          outDir: join(installed, 'dist'),
        },
      }),
    )
    // The compiler starts a program of its own, which does not stand the test runner's loader.
    const compile = (...args: string[]) =>
      run('env', ['-u', 'NODE_OPTIONS', process.execPath, compiler, ...args], { cwd: folder })
    await compile('-p', 'declare.json')
    cpSync(join(root, 'node_modules', 'typebox'), join(folder, 'node_modules', 'typebox'), {
      recursive: true,
    })
    writeFileSync(join(folder, 'types.ts'), types)
    const { stdout } = await compile(
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--lib',
      'es2023,dom',
      '--module',
      'nodenext',
      '--moduleResolution',
      'nodenext',
      '--types',
      '',
      'types.ts',
    ).catch((error: unknown) => error as { stdout: string })
    t.equal(stdout, '')
  })
})
