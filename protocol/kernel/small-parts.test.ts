/**
 * Small parts of the protocol that everything uses: chance, configuration, older events, travel,
 * phones, e-mail addresses, lines of the log, subjects, and the start and end of a process.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from './assets.ts'
import { checkBody, checkFilter, checkSubject, Losses } from '../bus/checks.ts'
import { Chance, seededRandom } from './chance.ts'
import {
  createNormalEmail,
  invisibleCharacters,
  normalEmail,
  withoutInvisible,
  writtenEmail,
} from '../accounts/emails.ts'
import { integerVariable, serviceUrls, textVariable, withoutSlashAtEnd } from './environment.ts'
import { eventVersion } from '../dispatch/events.ts'
import { countryOf, isInternational, normalPhone, phoneNoticeOf } from '../accounts/phones.ts'
import { guarded, Seldom } from './seldom.ts'
import { roadKm, travelMinutes } from '../drivers/travel.ts'
import { upcast } from '../dispatch/upcast.ts'

t.test('random numbers depend on seed and name alone, as in every release', async t => {
  const random = seededRandom(1)
  t.same(
    Array.from({ length: 3 }, random),
    [0.6270739405881613, 0.002735721180215478, 0.5274470399599522],
    'a recorded seed gives the same numbers',
  )
  const names = ['network', 'disk', 'disk'].map(name => new Chance(7).fork(name).random())
  t.same(
    names.map(one => Math.round(one * 1e6)),
    [951_777, 400_751, 400_751],
  )
  t.equal(names[1], names[2])
  t.not(names[0], names[1])
  t.equal(new Chance(-1).random(), new Chance(2 ** 32 - 1).random())
  const dice = new Chance(3)
  const many = <T>(throwOne: () => T): T[] => Array.from({ length: 2_000 }, throwOne)
  const wholes = many(() => dice.whole(2, 4))
  t.same([...new Set(wholes)].toSorted(), [2, 3, 4])
  const between = many(() => dice.between(-1, 3))
  t.ok(
    between.every(one => one >= -1 && one < 3) &&
      Math.min(...between) < -0.95 &&
      Math.max(...between) > 2.95,
  )
  t.ok(Math.abs(many(() => dice.around(10)).reduce((a, b) => a + b) / 2_000 - 10) < 1)
  t.ok(many(() => dice.around(10)).every(one => one >= 0))
  t.ok(Math.abs(many(() => dice.happens(0.3)).filter(Boolean).length - 600) < 80)
  t.same([...new Set(many(() => dice.pick(['a', 'b'])))].toSorted(), ['a', 'b'])
  t.throws(() => dice.pick([]), RangeError)
  const heavy = many(
    () =>
      dice.weighted([
        { weight: 1, name: 'a' },
        { weight: 3, name: 'b' },
        { weight: 0, name: 'c' },
      ]).name,
  )
  t.ok(Math.abs(heavy.filter(name => name === 'a').length - 500) < 80)
  t.notOk(heavy.includes('c'))
})

t.test('variables of the environment are read, and the error of a wrong one names it', async t => {
  t.same(
    [textVariable({ A: ' x ' }, 'A'), textVariable({ A: '  ' }, 'A'), textVariable({}, 'A')],
    ['x', null, null],
  )
  t.same(['http://a//', 'http://a', '/', ''].map(withoutSlashAtEnd), [
    'http://a',
    'http://a',
    '',
    '',
  ])
  const port = (value?: string) =>
    integerVariable(value === undefined ? {} : { PORT: value }, 'PORT', 8, 2, 9)
  t.same([port(), port('2'), port('9')], [8, 2, 9])
  for (const wrong of ['1', '10', '3.5', 'x'])
    t.throws(() => port(wrong), { message: /^PORT: .* whole number from 2 to 9/ }, wrong)
  const all = {
    NATS_URL: 'nats://a:1,nats://b:1',
    REDIS_URL: 'rediss://a',
    DATABASE_URL: 'postgresql://a/b',
  }
  t.same(serviceUrls(all, 'engine'), {
    natsUrl: all.NATS_URL,
    redisUrl: all.REDIS_URL,
    databaseUrl: all.DATABASE_URL,
  })
  t.same(serviceUrls({}, 'embedded'), { natsUrl: null, redisUrl: null, databaseUrl: null })
  for (const [name, wrong] of [
    ['NATS_URL', 'http://a'],
    ['REDIS_URL', 'a'],
    ['DATABASE_URL', 'mysql://a'],
  ] as const) {
    t.throws(() => serviceUrls({ ...all, [name]: wrong }, 'edge'), {
      message: new RegExp(`^${name} is not a URL`),
    })
    t.throws(() => serviceUrls({ ...all, [name]: ' ' }, 'edge'), {
      message: new RegExp(`^${name} is not set`),
    })
    t.throws(() => serviceUrls({ [name]: wrong }, 'embedded'), {
      message: new RegExp(`^${name} is not a URL`),
    })
  }
  for (const good of ['tls://a', 'nats://a'])
    t.equal(serviceUrls({ NATS_URL: good }, 'embedded').natsUrl, good)
  t.equal(serviceUrls({ DATABASE_URL: 'postgres://a' }, 'embedded').databaseUrl, 'postgres://a')
  t.equal(serviceUrls({ REDIS_URL: 'redis://a' }, 'embedded').redisUrl, 'redis://a')
})

t.test('events of older versions get the fields that they lack', async t => {
  const by = { role: 'customer' as const, id: 'c' }
  const read = (v: number, type: string, data: object, principal?: typeof by) =>
    upcast(v, { type, data, ...(principal !== undefined && { by: principal }) })
  // A field that customers give is null in an event of a release without the field.
  const given = { notes: null, prescription_url: null, goods_classes: null }
  for (const type of ['broadcast_opened', 'order_placed']) {
    t.same(read(1, type, { a: 1 }), {
      event: { type, data: { fee: null, currency: 'USD', ...given, a: 1 } },
      by: null,
    })
    t.same(read(1, type, { fee: 2 }).event.data, { fee: 2, currency: 'USD', ...given })
    t.same(read(2, type, { a: 1 }).event.data, { currency: 'USD', ...given, a: 1 })
    t.same(read(6, type, { a: 1 }).event.data, { ...given, a: 1 })
    t.match(read(6, type, { notes: 'at the door' }).event.data, { notes: 'at the door' })
  }
  t.same(read(1, 'picked_up', {}).event.data, {})
  t.same(read(2, 'offer_held', { a: 1 }).event.data, {
    source: null,
    currency: 'USD',
    a: 1,
  })
  t.same(read(3, 'offer_held', { a: 1 }).event.data, { currency: 'USD', a: 1 })
  t.same(read(4, 'delivered', { a: 1 }).event.data, {
    door_distance_m: null,
    reason: null,
    flag: null,
    a: 1,
  })
  t.same(read(5, 'delivered', { a: 1 }, by), { event: { type: 'delivered', data: { a: 1 } }, by })
  const [engine, order] = [
    { role: 'system', id: 'engine' },
    { role: 'system', id: 'order' },
  ]
  for (const [type, data, principal] of [
    ['request_expired', { reason: 'deadline' }, engine],
    ['request_expired', { reason: 'other' }, null],
    ['driver_search_ended', {}, engine],
    ['arrived_at_pickup', {}, engine],
    ['arrived_at_dropoff', {}, engine],
    ['offer_held', {}, order],
    ['order_assigned', {}, order],
    ['order_completed', {}, order],
    ['order_cancelled', { reason: 'deadline' }, null],
    ['delivered', {}, null],
  ] as const)
    for (const v of [1, 4]) t.same(read(v, type, data).by, principal, type)
  for (const v of [0, eventVersion + 1, Number.NaN])
    t.throws(() => read(v, 'picked_up', {}), { name: 'UnknownEventVersionError' })
})

t.test('kilometres by road, and minutes by the speed of the vehicle', async t => {
  t.equal(roadKm(10), 13)
  t.same(
    ['bike', 'scooter', 'car', 'van', '', 'rocket'].map(type => travelMinutes(11, type)),
    [44, 26.4, 26.4, 30, 30, 30],
  )
  t.same(
    [travelMinutes(11), travelMinutes(0), travelMinutes(0.001)],
    [30, 0, 0.1],
    'rounded up to a tenth',
  )
})

t.test('a phone is brought into one form, by the country where it has no country code', async t => {
  for (const [text, country, normal] of [
    ['+977 984-123 4567', null, '+9779841234567'],
    ['tel:+977 984 123 4567', null, '+9779841234567'],
    [' TEL: +977(984)1234567 ', null, '+9779841234567'],
    ['00977 9841234567', null, '+9779841234567'],
    ['984 123 4567', 'NP', '+9779841234567'],
    ['984 123 4567', null, '984 123 4567'],
    ['(984) 123', null, '(984) 123'],
    ['12', null, null],
    ['123', null, '123'],
    ['+12', null, null],
    ['+123', null, '+123'],
    ['+1234567890123456', null, null],
    ['+123456789012345', null, '+123456789012345'],
    ['call me', null, null],
    ['', null, null],
    ['9'.repeat(61), null, null],
    ['+44 (0)20 7946 0018', null, '+442079460018'],
    ['+977 9841234567 ext. 12', null, '+9779841234567 ext. 12'],
    ['+977 9841234567x3', null, '+9779841234567 ext. 3'],
    ['984 123 4567 #7', 'NP', '+9779841234567 ext. 7'],
    ['9841234567;ext=7', 'NP', '+9779841234567 ext. 7'],
    ['\u0669\u0668\u0664\u0661\u0662\u0663\u0664\u0665\u0666\u0667', 'NP', '+9779841234567'],
    ['+977\u20139841234567', null, '+9779841234567'],
    ['+977\u00a0984\u200b1234567', null, '+9779841234567'],
    ['0012345', null, '0012345'],
    ['001234567', null, '+1234567'],
    ['1+2345', null, null],
    ['5 pm', null, null],
  ] as const)
    t.equal(normalPhone(text, country), normal, `${text} in ${country}`)
  t.same(['np', 'NP', 'xx', ''].map(countryOf), ['NP', 'NP', null, null])
  t.same(
    ['+123', '+12', '+0123', '123', '+1234567890123456', '+123 ext. 4', '+123456789012345'].map(
      isInternational,
    ),
    [true, false, false, false, false, false, true],
  )
  t.same(
    ['', '+123', '123'].map(one => phoneNoticeOf(one) === null),
    [true, true, false],
  )
})

t.test('an e-mail address has one form, by one rule in code and database', async t => {
  for (const [text, normal] of [
    ['Ann@Example.ORG', 'ann@example.org'],
    ['\u00c9ve@x', '\u00e9ve@x'],
    ['\u0130@x', 'i@x'],
    ['I\u0307@x', 'i@x'],
    ['\u03c2@x', '\u03c3@x'],
    ['\u03a3@x', '\u03c3@x'],
    ['\u0414@x', '\u0434@x'],
    ['\u0531@x', '\u0561@x'],
    ['\u1e00@x', '\u1e01@x'],
    ['\uff21@x', 'a@x'],
    ['a\u200bb@x', 'ab@x'],
    ['e\u0301@x', '\u00e9@x'],
    ['\u0100@x', '\u0101@x'],
    ['\uff3a@x', 'z@x'],
    ['Z@x', 'z@x'],
    ['\u024e@x', '\u024f@x'],
    ['\u052e@x', '\u052f@x'],
    ['\u0556@x', '\u0586@x'],
    ['\u1ffc@x', '\u1ff3@x'],
    ['[@x', '[@x'],
    ['@@x', '@@x'],
  ])
    t.equal(normalEmail(text!), normal, text!)
  t.equal(
    writtenEmail('E\u0301\u00ad@X'),
    '\u00c9@X',
    'its capitals stay, and invisible characters are removed',
  )
  for (const [first, last] of [
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x180e, 0x180e],
    [0x200b, 0x200f],
    [0x202a, 0x202e],
    [0x2060, 0x2064],
    [0x2066, 0x206f],
    [0xfeff, 0xfeff],
  ] as const) {
    for (const point of [first, last])
      t.equal(withoutInvisible(`a${String.fromCodePoint(point)}b`), 'ab', point.toString(16))
    for (const point of [first - 1, last + 1])
      if (!invisibleCharacters.includes(String.fromCodePoint(point)))
        t.not(withoutInvisible(`a${String.fromCodePoint(point)}b`), 'ab', point.toString(16))
  }
  const sql = createNormalEmail()
  t.match(sql, /^create or replace function normal_email\(email text\)/)
  const [, from, to] = /translate\(email, U&'([^']+)', U&'([^']+)'\)/.exec(sql)!
  const [froms, tos] = [from!.split('\\').slice(1), to!.split('\\').slice(1)]
  t.ok(froms.every(one => /^[0-9a-f]{4}$/.test(one)))
  t.equal(
    froms.length - tos.length,
    invisibleCharacters.length,
    'letters are replaced, and invisible characters are removed',
  )
  const character = (hex: string): string => String.fromCodePoint(Number.parseInt(hex, 16))
  const written = tos
    .map((small, i) => [character(froms[i]!), character(small)] as const)
    .filter(([capital]) => writtenEmail(capital) === capital)
  t.same(
    written.filter(([capital, small]) => normalEmail(capital) !== small),
    [],
    'the database has the same pairs',
  )
  t.ok(written.length > 500)
})

t.test('a line that a stranger can cause is written once in ten seconds', async t => {
  let nowMs = 0
  const said: unknown[] = []
  const seldom = new Seldom(
    (line, detail) => said.push(detail === undefined ? line : [line, detail]),
    () => nowMs,
  )
  for (const [atMs, line] of [
    [0, 'a'],
    [9_999, 'b'],
    [9_999, 'c'],
    [10_000, 'd'],
    [10_001, 'e'],
    [10_000 - 1, 'back'],
    [20_000, 'f'],
  ] as const) {
    nowMs = atMs
    seldom.say('kind', line)
  }
  t.same(said, [
    'a',
    'd (and 2 more of this kind since the last line)',
    'back (and 1 more of this kind since the last line)',
    'f',
  ])
  seldom.say('other', 'x', { id: 1 })
  t.same(said.at(-1), ['x', { id: 1 }])
  said.length = 0
  for (let i = 0; i < 105; i++) seldom.say(`k${i}`, `line ${i}`)
  t.equal(said.length, 99, 'a hundred kinds in all, and one line for all further kinds')
  seldom.say('k0', 'again')
  t.equal(said.length, 99)
})

t.test('a guarded callback gives the error of a throw or a rejection to its handler', async t => {
  const failed: unknown[] = []
  const run = (callback: () => unknown): void => {
    guarded(callback, error => failed.push((error as Error).message))()
  }
  run(() => {
    throw new Error('thrown')
  })
  run(() => Promise.reject(new Error('rejected')))
  run(() => Promise.resolve())
  run(() => 7)
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  t.same(failed, ['thrown', 'rejected'])
})

t.test('wrong subjects, filters and sizes are refused, and losses are counted', async t => {
  for (const subject of ['a', 'a.b', 'a.b*c', 'a.>x'])
    t.doesNotThrow(() => checkSubject(subject), subject)
  for (const subject of ['', 'a.', '.a', 'a..b', 'a b', 'a.*', '*.a', '>', 'a.>', 'a.*.b'])
    t.throws(() => checkSubject(subject), TypeError, subject)
  for (const filter of ['a', '*', 'a.*.b', 'a.>', '>'])
    t.doesNotThrow(() => checkFilter(filter), filter)
  for (const filter of ['', 'a.>.b', '>.a', 'a..b', 'a\t'])
    t.throws(() => checkFilter(filter), TypeError, filter)
  t.doesNotThrow(() => checkBody(new Uint8Array(4), 4))
  t.throws(() => checkBody(new Uint8Array(5), 4), { code: 'body_too_large' })
  const lines: string[] = []
  const losses = new Losses(
    line => lines.push(line),
    () => 0,
  )
  const bytes = new Uint8Array(300)
  t.equal(losses.bytesOf('a.b.c.d.1', bytes, 300), bytes)
  t.equal(
    losses.bytesOf('a.b.c.d.1', () => bytes, 300),
    bytes,
  )
  t.equal(losses.bytesOf('a.b.c.d.1', bytes, 299), null)
  t.equal(
    losses.bytesOf('a.b.c.d.2', bytes, 300, 'id'),
    null,
    'a message id takes bytes of its own',
  )
  t.equal(losses.bytesOf('a.b.c.d.2', bytes, 2_000, 'id'), bytes)
  t.same(losses.counts, { tooLarge: 2, handlersFailed: 0 })
  t.equal(lines.length, 1, 'one line for a kind')
  t.match(lines[0], /a\.b\.c\.d /)
  const message = { subject: 'a.b', body: bytes } as never
  losses.handle(() => {
    throw new Error('thrown')
  }, message)
  losses.handle((() => Promise.reject(new Error('rejected'))) as never, message)
  losses.handle(() => undefined, message)
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  t.equal(losses.counts.handlersFailed, 2)
})

t.test('the exit code of a process tells how it ended', async t => {
  const run = (body: string, more = '') =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
    import { runProcess } from ${JSON.stringify(assetUrl('dist/protocol/kernel/process.js').href)}
    import { ConfigError } from ${JSON.stringify(assetUrl('dist/protocol/kernel/environment.js').href)}
    process.kill = process.kill.bind(process)
    await runProcess({ name: 'test', help: '' }, 200, async () => { ${body} })
    ${more}`,
      ],
      { encoding: 'utf8', timeout: 20_000, cwd: fileURLToPath(assetUrl('.')) },
    )
  const status = (body: string, more = ''): number | null => run(body, more).status
  t.equal(status("throw new ConfigError('PORT: no')"), 78)
  t.match(run("throw new ConfigError('PORT: no')").stderr, /^test: PORT: no\n$/)
  t.equal(status("throw new Error('no')"), 1)
  const alive = 'setInterval(() => {}, 1000);'
  for (const signal of ['SIGTERM', 'SIGINT'])
    t.equal(
      status(`${alive} return { stop: async () => {} }`, `process.kill(process.pid, '${signal}')`),
      0,
      signal,
    )
  t.equal(
    status(
      `${alive} return { stop: () => new Promise(() => {}) }`,
      "process.kill(process.pid, 'SIGTERM')",
    ),
    1,
    'the process did not stop in time',
  )
  t.equal(
    status(
      `${alive} return { stop: async () => { throw new Error('no') } }`,
      "process.kill(process.pid, 'SIGTERM')",
    ),
    1,
  )
  t.equal(
    status(
      `${alive} return { stop: () => new Promise(() => { process.kill(process.pid, 'SIGTERM') }) }`,
      "process.kill(process.pid, 'SIGTERM')",
    ),
    1,
    'a second signal ends the process at once',
  )
  for (const fault of [
    "setTimeout(() => { throw new Error('late') })",
    "Promise.reject(new Error('late'))",
  ])
    t.equal(status(`${alive} return { stop: async () => {} }`, fault), 70)
})
