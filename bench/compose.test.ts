/**
 * docker-compose.yml has no mistake that compose would refuse, or would accept and then not do. The
 * file is read with the rules of compose that matter here (anchors, merges, `${NAME:-default}`),
 * and its environments go through the real configuration, so a variable that is renamed there fails
 * here. Where the compose command is installed, it checks the file too.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { readConfig } from '../edge/config.ts'
import { assetUrl } from '../protocol/kernel/assets.ts'
import { serviceUrls } from '../protocol/kernel/environment.ts'
import { limits } from '../protocol/kernel/limits.ts'

interface Service {
  image?: string
  build?: { context: string; dockerfile_inline?: string; dockerfile?: string }
  command?: string[]
  container_name?: string
  depends_on?: Record<string, { condition: string }>
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number }
  deploy?: { replicas?: number }
  init?: boolean
  stop_grace_period?: string
}

const path = fileURLToPath(assetUrl('docker-compose.yml'))
const file = parse(readFileSync(path, 'utf8'), { merge: true }) as {
  name: string
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const services = Object.entries(file.services)
const ours = services.filter(([, service]) => service.build !== undefined)
const edges = ours.filter(([, service]) => service.command?.includes('dist/edge/main.js') === true)
const engines = ours.filter(
  ([, service]) => service.command?.includes('dist/engine/main.js') === true,
)

/** Puts values into a text as compose does. Throws for a required value that is not given. */
function interpolate(text: string, given: Record<string, string>): string {
  return text.replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, kind: string | undefined, rest: string) => {
      const value = given[name]
      if (value !== undefined && value !== '') return value
      if (kind === '?') throw new Error(`${name} ${rest}`)
      return kind === '-' ? rest : ''
    },
  )
}
/** The variables that the operator must give. Without any of them nothing starts. */
const secrets = [
  'JWT_SECRET_KEY',
  'POSTGRES_PASSWORD',
  'NATS_ENGINE_PASSWORD',
  'NATS_EDGE_PASSWORD',
  'NATS_ANALYTICS_PASSWORD',
  'NATS_DISPATCH_PASSWORD',
]
const givenSecrets: Record<string, string> = Object.fromEntries(
  secrets.map(name => [name, name.toLowerCase().replaceAll('_', '-').padEnd(64, 'x')]),
)

const environmentOf = (service: Service, given: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => {
      if (typeof value !== 'string')
        throw new Error(
          `${name} is ${String(value)}: only a text is sure to be passed on as it is written`,
        )
      return [name, interpolate(value, given)]
    }),
  )

t.test('there are two edges, two engines or more, and servers with fixed versions', async t => {
  t.equal(edges.length, 2)
  t.ok(
    engines.reduce((sum, [, service]) => sum + (service.deploy?.replicas ?? 1), 0) >= 2,
    'two engines or more',
  )
  for (const image of ['nats', 'redis', 'postgres'])
    t.match(
      file.services[image]?.image,
      new RegExp(`^${image}:[\\d.]+-\\w+$`),
      `${image} has a version`,
    )
  t.ok(file.services['nats']!.command!.includes('--jetstream'))
})

t.test('every service has an image, dependencies that exist, and a valid health check', async t => {
  for (const [name, service] of services) {
    t.ok(
      service.image !== undefined || service.build !== undefined,
      `${name} has an image or a build`,
    )
    for (const [on, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = file.services[on]
      t.ok(target, `${name} depends on ${on}, which exists`)
      t.ok(
        ['service_started', 'service_healthy', 'service_completed_successfully'].includes(
          condition,
        ),
        `${condition} is a condition`,
      )
      if (condition === 'service_healthy') t.ok(target?.healthcheck, `${on} can be healthy`)
    }
    if (service.healthcheck !== undefined) {
      t.equal(service.healthcheck.test[0], 'CMD', `${name}'s check needs no shell`)
      for (const time of ['interval', 'timeout'] as const)
        t.match(service.healthcheck[time], /^\d+(ms|s|m)$/)
    }
    if ((service.deploy?.replicas ?? 1) > 1)
      t.notOk(service.container_name ?? service.ports, `${name} can run more than once`)
  }
  for (const name of ['nats', 'redis', 'postgres', ...edges.map(([name]) => name)])
    t.ok(file.services[name]!.healthcheck, `${name} has a health check`)
})

t.test('every volume is declared and used, and each server keeps its data on one', async t => {
  const used = services
    .flatMap(([, service]) => service.volumes ?? [])
    .map(volume => volume.split(':')[0]!)
  const isFile = (source: string): boolean => source.startsWith('./')
  t.same(
    [...new Set(used)].filter(source => !isFile(source)).sort(),
    Object.keys(file.volumes).sort(),
  )
  for (const source of used.filter(isFile)) t.ok(existsSync(assetUrl(source)), `${source} exists`)
  for (const name of ['nats', 'redis', 'postgres'])
    t.equal(
      file.services[name]!.volumes?.filter(volume => !isFile(volume)).length,
      1,
      `${name} keeps its data`,
    )
})

t.test('edges and engines connect to the bus with the passwords that the bus knows', async t => {
  const nats = file.services['nats']!
  const config = readFileSync(assetUrl('protocol/bus/nats-server.conf'), 'utf8')
  t.same(
    [...config.matchAll(/password: \$(\w+)/g)].map(match => match[1]!).sort(),
    Object.keys(nats.environment!).sort(),
    'the server gets every variable of its configuration',
  )
  for (const [user, list] of [
    ['edge', edges],
    ['engine', engines],
  ] as const)
    for (const [name, service] of list) {
      const given = { ...givenSecrets, [`NATS_${user.toUpperCase()}_PASSWORD`]: 'other' }
      const { username, password } = new URL(environmentOf(service, given)['NATS_URL']!)
      t.same(
        [username, password],
        [user, environmentOf(nats, given)[`NATS_${user.toUpperCase()}_PASSWORD`]],
        name,
      )
    }
})

t.test('only the edges publish ports, and only to this machine', async t => {
  const published = services.flatMap(([name, service]) =>
    (service.ports ?? []).map(port => {
      t.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${name}: "${port}" is for this machine alone`)
      return { name, host: port.split(':')[1], inside: port.split(':')[2] }
    }),
  )
  t.same(published.map(port => port.host).sort(), ['8000', '8001'], 'the ports of the edges')
  for (const { name, inside } of published)
    t.equal(
      inside,
      file.services[name]!.environment!['PORT'],
      `${name} listens where its port leads`,
    )
})

t.test('no service has a default password', async t => {
  const text = readFileSync(path, 'utf8')
  const named = new Set(
    [...text.matchAll(/\$\{(\w*(?:PASSWORD|SECRET)\w*)(:?[-?])/g)].map(
      match => `${match[1]} ${match[2]}`,
    ),
  )
  for (const name of secrets) t.ok(named.has(`${name} :?`), `${name} must be given`)
  // Secrets of optional services: an empty value means none.
  for (const [, name, rest] of text.matchAll(
    /\$\{(\w*(?:PASSWORD|SECRET|AUTH_TOKEN|API_KEY|ACCESS_KEY)\w*):-([^}]*)\}/g,
  ))
    t.equal(rest, '', `${name} has no default`)
  for (const missing of secrets) {
    const { [missing]: _, ...rest } = givenSecrets
    t.throws(
      () => services.map(([, service]) => environmentOf(service, rest)),
      new RegExp(`${missing} make one`),
      `without ${missing} nothing starts, and the error says how to make one`,
    )
  }
})

t.test('registrations wait for an approval unless the operator opens them', async t => {
  for (const [name, service] of edges) {
    t.equal(readConfig(environmentOf(service, givenSecrets), 'edge').registration, 'approval', name)
    t.equal(
      readConfig(environmentOf(service, { ...givenSecrets, REGISTRATION: 'open' }), 'edge')
        .registration,
      'open',
      name,
    )
    t.throws(
      () => readConfig(environmentOf(service, { ...givenSecrets, REGISTRATION: 'yes' }), 'edge'),
      { message: /^REGISTRATION is "yes"; it is open [^\n]+ or approval[^\n]+$/ },
    )
  }
})

t.test('the processes read their hosts, folders and URLs from the environment', async t => {
  const given = givenSecrets
  for (const [name, service] of edges) {
    const config = readConfig(environmentOf(service, given), 'edge')
    t.equal(config.host, '0.0.0.0', `${name} can be reached from outside its container`)
    t.ok(config.uploadDir.startsWith('/data/'), 'uploads are on the volume')
    t.match(
      config.databaseUrl,
      /^postgres:\/\/caduceus:postgres-passwordx+@postgres:5432\/caduceus$/,
    )
    t.equal(
      environmentOf(service, { ...given, POSTGRES_PASSWORD: 'other' })['DATABASE_URL'],
      'postgres://caduceus:other@postgres:5432/caduceus',
    )
  }
  t.equal(
    environmentOf(file.services['postgres']!, { ...givenSecrets, POSTGRES_PASSWORD: 'other' })[
      'POSTGRES_PASSWORD'
    ],
    'other',
  )
  for (const [, service] of engines) {
    const { natsUrl, redisUrl, databaseUrl } = serviceUrls(environmentOf(service, given), 'engine')
    for (const url of [natsUrl, redisUrl, databaseUrl])
      t.ok(file.services[new URL(url!).hostname], `${new URL(url!).hostname} is a service`)
  }
})

t.test('compose passes on every variable that edge/README.md documents', async t => {
  const readme = readFileSync(assetUrl('edge/README.md'), 'utf8')
  const rows = readme
    .split('\n')
    .filter(line => /^\| `[A-Z]/.test(line))
    .map(line => line.split('|')[1]!)
  const names = rows.flatMap(cell =>
    [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(match => match[1]!),
  )
  // Left out are variables that the image sets, variables for tests, addresses of other servers
  // with a known API, limits whose defaults are good, and the names of older systems, which this file
  // has never had.
  const older =
    /^(CORS_ALLOWED_ORIGINS|SECRET_KEY|REDIS_(HOST|PORT)|EMAIL_HOST_(USER|PASSWORD)|DEBUG|DB_(PASSWORD|NAME)|MONGO_URL)$/
  const aside =
    /^(NODE_ENV|BENCH_ALLOWED|WEBHOOK_ALLOW_PRIVATE|PUSH_ALLOW_PRIVATE|FCM_URL|APNS_URL|GOOGLE_MAPS_URL|TWILIO_BASE_URL|JWT_ALGORITHM|CADUCEUS_ADMIN_PASSWORD|RATE_LIMIT_\w+)$/
  t.ok(names.length > 25, 'the table was found')
  for (const [edge, service] of edges)
    t.same(
      names.filter(
        name => !aside.test(name) && !older.test(name) && service.environment?.[name] === undefined,
      ),
      [],
      edge,
    )
  const delivery = readConfig(
    environmentOf(edges[0]![1], {
      ...givenSecrets,
      SMTP_URL: 'smtps://u%40example.org:p@smtp.example.org',
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_AUTH_TOKEN: 't',
      TWILIO_FROM: '+1',
      TRUST_PROXY: '1',
    }),
    'edge',
  )
  t.match(delivery, {
    delivery: { smtp: { from: 'u@example.org' }, twilio: { accountSid: 'AC1' } },
    trustedProxies: 1,
  })
})

t.test('the image has its files, runs without root, and may drain', async t => {
  for (const [name, { build, command, init, stop_grace_period }] of ours) {
    const dockerfile = build!.dockerfile_inline!
    t.equal(build!.dockerfile, undefined, 'compose takes only one of the two')
    t.notMatch(dockerfile, /\$/, 'it has no text that compose would take for a variable')
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '))
    t.match(last, /^FROM node:20-bookworm-slim\n/)
    t.match(last, /\nUSER node\n/, 'not as root')
    t.match(dockerfile, /\nRUN npm ci\n/)
    for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const source of sources!.split(' '))
        t.ok(existsSync(assetUrl(source)), `${source} exists`)
    const script = command!.at(-1)!
    t.ok(
      existsSync(assetUrl(script.replace('dist/', '').replace('.js', '.ts'))),
      `${name} runs ${script}`,
    )
    t.ok(dockerfile.includes(`COPY ${script.split('/')[1]} `), 'the image has the script')
    t.equal(init, true)
    t.ok(
      Number.parseInt(stop_grace_period!, 10) * 1000 >= limits.drainTimeoutMs + 5_000,
      'there is time to drain',
    )
  }
})

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0
t.test(
  'compose accepts the file, and refuses it without its secrets',
  {
    skip: hasCompose
      ? false
      : "docker compose not found; install with: apt-get install docker-compose-plugin (from Docker's repository)",
  },
  async t => {
    const config = (environment: Record<string, string>) =>
      spawnSync('docker', ['compose', '-f', path, 'config', '-q'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      })
    const good = config(givenSecrets)
    t.equal(good.status, 0, good.stderr)
    const bad = config({})
    t.not(bad.status, 0)
    t.match(bad.stderr, /PASSWORD|JWT_SECRET_KEY/)
  },
)
