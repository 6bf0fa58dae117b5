/**
 * Speech to text on a real edge, with a service that behaves well and badly: the request that it
 * gets, the text that comes back, and the refusals.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { fileLimits } from '../uploads/storage/file-limits.ts'
import { jpeg, ogg, wav } from '../uploads/samples.ts'
import { readSpeechConfig } from './config.ts'
import { speechLimits } from './limits.ts'
import { Transcriber } from './transcriber.ts'

interface Heard {
  url: string
  headers: IncomingHttpHeaders
  form: FormData
}
const heard: Heard[] = []
let answers: (response: ServerResponse) => void
const says = (body: string, status = 200) => {
  answers = response => response.writeHead(status).end(body)
}
const service = createServer((request, response) => {
  const chunks: Buffer[] = []
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      const type = { 'content-type': request.headers['content-type']! }
      void new Response(Buffer.concat(chunks), { headers: type }).formData().then(form => {
        heard.push({ url: request.url!, headers: request.headers, form })
        answers(response)
      })
    })
}).listen(0, '127.0.0.1')
await once(service, 'listening')
const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
const edge = await startFixture({
  SPEECH_TO_TEXT_URL: `${origin}/v1/audio/transcriptions`,
  SPEECH_TO_TEXT_TOKEN: 'secret-of-the-service',
  SPEECH_TO_TEXT_MODEL: 'whisper-1',
  SPEECH_TO_TEXT_ALLOW_PRIVATE: '1',
})
t.teardown(async () => {
  await edge.stop()
  service.close()
})
const customer = await edge.customer()

const speak = (
  token: string | undefined = customer.token,
  sound: Uint8Array = ogg,
  query = '',
  on: Pick<typeof edge, 'call'> = edge,
) => {
  const body = new FormData()
  body.set('file', new Blob([sound as BlobPart]), 'a name.ogg')
  return on.call('POST', `/api/speech${query}`, {
    body,
    ...(token !== undefined && { token }),
  })
}

t.test('a recording becomes a text, for every role that fills in a form', async t => {
  t.match(await edge.call('GET', '/api/speech', { token: customer.token }), {
    status: 200,
    body: { available: true, bytes_max: fileLimits.audioBytesMax },
  })
  says(JSON.stringify({ text: ' Paracetamol\n 500 mg,\u0000 please. ' }))
  const pharmacy = await edge.pharmacy()
  for (const { token } of [customer, pharmacy, await edge.driver(pharmacy.id)]) {
    const { status, body } = await speak(token, wav, '?language=ne')
    t.equal(status, 200)
    t.same(body, { text: 'Paracetamol 500 mg, please.', cut: false })
  }
  const { url, headers, form } = heard.at(-1)!
  t.equal(url, '/v1/audio/transcriptions')
  t.equal(headers.authorization, 'Bearer secret-of-the-service')
  t.same(Object.fromEntries([...form].filter(([, value]) => typeof value === 'string')), {
    response_format: 'json',
    model: 'whisper-1',
    language: 'ne',
  })
  const file = form.get('file') as File
  t.match(file, { name: 'speech.wav', type: 'audio/wav' })
  t.same(new Uint8Array(await file.arrayBuffer()), new Uint8Array(wav))
  const seen = JSON.stringify([headers, [...form.keys()]])
  t.notMatch(seen, customer.token, 'the service hears of no account')
  t.notMatch(seen, /a name/)
})

t.test('the raw bytes stand for the form', async t => {
  says('{"text":""}')
  const response = await fetch(`http://127.0.0.1:${edge.edge.port}/api/speech`, {
    method: 'POST',
    headers: { authorization: `Bearer ${customer.token}`, 'content-type': 'audio/ogg' },
    body: ogg as BodyInit,
  })
  t.same(await response.json(), { text: '', cut: false }, 'nobody spoke')
  t.equal(heard.at(-1)!.form.get('language'), null)
})

t.test('a long text is cut at whole characters', async t => {
  says(JSON.stringify({ text: '😀'.repeat(speechLimits.textCharactersMax + 1) }))
  const { body } = await speak()
  t.same(body, { text: '😀'.repeat(speechLimits.textCharactersMax), cut: true })
})

t.test('a service that fails is told as such, and its words are not', async t => {
  const secret = 'the stack trace of the service'
  for (const [name, act, detail] of [
    ['an error', () => says(secret, 500), /answered 500/],
    ['a redirect', () => says('', 302), /answered 302/],
    ['no JSON', () => says(secret), /something else than JSON/],
    ['no text', () => says('{"result":"x"}'), /without a text/],
    ['null', () => says('null'), /without a text/],
    [
      'an endless answer',
      () => says(`{"text":"${'x'.repeat(speechLimits.answerBytesMax)}"}`),
      /too much/,
    ],
    [
      'a connection that breaks',
      () => {
        answers = response => response.destroy()
      },
      /does not answer/,
    ],
  ] as const) {
    act()
    const { status, body, headers } = await speak()
    t.match({ status, code: body.code }, { status: 503, code: 'speech_failed' }, name)
    t.match(body.detail, detail, name)
    t.notMatch(JSON.stringify(body), new RegExp(`${secret}|127\\.0\\.0\\.1`))
    t.equal(headers.get('retry-after'), String(speechLimits.retryAfterSeconds))
  }
})

t.test('bad input never reaches the service', async t => {
  const before = heard.length
  const big = new Uint8Array(fileLimits.audioBytesMax + 1)
  big.set(wav)
  for (const [answer, status, code, field] of [
    [await speak(undefined as never, jpeg), 415, 'unsupported_media_type', undefined],
    [await speak(customer.token, wav.subarray(0, 30)), 422, 'file_malformed', undefined],
    [await speak(customer.token, big), 413, 'body_too_large', undefined],
    [await speak(customer.token, ogg, '?language=English'), 400, 'invalid_request', 'language'],
    [await speak(customer.token, ogg, '?voice=x'), 400, 'invalid_request', 'voice'],
  ] as const) {
    t.match({ status: answer.status, code: answer.body.code }, { status, code })
    if (field !== undefined) t.equal(answer.body.fields[0].field, field)
  }
  t.equal((await speak('no token')).status, 401)
  t.equal(heard.length, before)
})

t.test('one account takes no more than its share, and hears when to come again', async t => {
  const waiting: ServerResponse[] = []
  answers = response => waiting.push(response)
  const all = Array.from({ length: speechLimits.recordingsPerAccountMax + 1 }, () => speak())
  const refused = await Promise.race(all)
  t.match(refused, { status: 503, body: { code: 'overloaded' } })
  const other = await edge.customer()
  const another = speak(other.token)
  while (waiting.length < speechLimits.recordingsPerAccountMax + 1)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  for (const response of waiting) response.end('{"text":"now"}')
  t.equal((await another).body.text, 'now', 'another account has a place')
  const statuses = (await Promise.all(all)).map(({ status }) => status)
  t.same(statuses.toSorted(), [200, 200, 503])
})

t.test('a service that never answers is given up', async t => {
  answers = () => {}
  const timers: (() => void)[] = []
  const transcriber = new Transcriber(
    {
      after(_ms, run) {
        timers.push(run)
        return () => {}
      },
    },
    { url: origin, token: null, model: null, allowPrivate: true },
  )
  const before = heard.length
  const sound = { contentType: 'audio/ogg', extension: 'ogg', family: 'sound' as const, data: ogg }
  const text = transcriber.textOf('a', sound, null)
  while (heard.length === before)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  for (const run of timers) run()
  await t.rejects(text, { code: 'speech_failed', message: /does not answer/ })
})

t.test('a private address is not asked without the leave of the operator', async t => {
  const transcriber = new Transcriber(
    { after: () => () => {} },
    { url: 'https://127.0.0.1/inference', token: null, model: null, allowPrivate: false },
  )
  const sound = { contentType: 'audio/ogg', extension: 'ogg', family: 'sound' as const, data: ogg }
  await t.rejects(transcriber.textOf('a', sound, null), { code: 'speech_failed' })
  for (const [environment, line] of [
    [{ SPEECH_TO_TEXT_URL: origin }, /SPEECH_TO_TEXT_ALLOW_PRIVATE=1/],
    [{ SPEECH_TO_TEXT_URL: 'https://10.0.0.1/x' }, /SPEECH_TO_TEXT_URL: .*public internet/],
    [{ SPEECH_TO_TEXT_URL: 'https://user:pass@example.org' }, /user name or password/],
    [{ SPEECH_TO_TEXT_TOKEN: 'x' }, /SPEECH_TO_TEXT_TOKEN is set and SPEECH_TO_TEXT_URL is not/],
    [{ SPEECH_TO_TEXT_URL: 'https://example.org', SPEECH_TO_TEXT_TOKEN: 'a b' }, /visible ASCII/],
  ] as const)
    t.throws(() => readSpeechConfig(environment), { message: line })
  t.same(readSpeechConfig({}), { speechService: null })
})

t.test('a server without a service says so', async t => {
  const bare = await startFixture()
  t.teardown(() => bare.stop())
  const { token } = await bare.customer()
  t.match(await bare.call('GET', '/api/speech', { token }), { body: { available: false } })
  const { status, body } = await speak(token, ogg, '', bare)
  t.match({ status, code: body.code }, { status: 503, code: 'speech_unconfigured' })
  t.match(body.detail, /SPEECH_TO_TEXT_URL is not set/)
  t.equal(body.retryable, false)
})
