/** The REST client with bytes in place of JSON, and with the refusals of the older names. */
import t from 'tap'
import { RestClient } from './rest.ts'

/** A client whose server gives this answer, and what the server got. */
function clientOf(answer: object, status = 200) {
  const inits: (RequestInit & { path: string })[] = []
  const api = new RestClient({
    url: 'http://edge',
    fetch: async (address, init) => {
      inits.push({ ...init, path: String(address).replace('http://edge', '') })
      return new Response(JSON.stringify(answer), { status })
    },
  })
  return { api, inits }
}

t.test('bytes are sent as they are, and a picture comes back as bytes', async t => {
  const answer = { text: 'hello', cut: false }
  const { api, inits } = clientOf(answer)
  const sound = new Blob(['sound'], { type: 'audio/ogg' })
  t.same(await api.media.textOf(sound, 'ne'), answer)
  t.match(inits[0], { path: '/api/speech?language=ne', method: 'POST' })
  t.equal(inits[0]!.body, sound)
  t.notOk(new Headers(inits[0]!.headers).has('content-type'), 'fetch takes that of the bytes')
  const picture = await api.media.writeCode({ key: 'k' })
  t.equal(await picture.text(), JSON.stringify(answer))
  t.match(inits[1], { method: 'POST', path: '/api/qr/generate', body: '{"key":"k"}' })
})

t.test('an older name refuses in its words', async t => {
  const { api } = clientOf({ error: 'too late' }, 400)
  await t.rejects(api.broadcast.requests(), { message: 'too late' })
})
