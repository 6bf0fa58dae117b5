/**
 * Clients that send a file in parts to a whole edge, over a network that is slow, stands still and
 * breaks: tus-js-client, and our own client.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import * as tus from 'tus-js-client'
import { RestClient } from '../../protocol/client/index.ts'
import { FaultProxy } from '../../protocol/testing/proxy/proxy.ts'
import { startResumable } from './fixture-resumable.ts'

const { fixture, edge, call, proxy, path, ann, document, fileOf, offsetOf } =
  await startResumable(t)

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await pause(10)
}

/** Sends a file with tus-js-client, as an app would. */
function withTus(file: Buffer, options: tus.UploadOptions = {}) {
  let upload: tus.Upload | null = null
  const done = new Promise<string>((resolve, reject) => {
    upload = new tus.Upload(file, {
      endpoint: `http://127.0.0.1:${proxy.port}${path}`,
      metadata: { kind: 'prescription', filename: 'Rezept.pdf' },
      headers: { authorization: `Bearer ${ann.token}` },
      retryDelays: [10, 20, 50, 100, 200, 200, 200, 200],
      onError: reject,
      onSuccess: () => resolve(upload!.url!.split('/').at(-1)!),
      ...options,
    })
    upload.start()
  })
  return {
    done,
    get url() {
      return upload!.url
    },
  }
}

t.test(
  'tus-js-client sends a file whole, with its beginning, in parts, and by POST alone',
  async t => {
    const file = document(100_000)
    for (const options of [
      {},
      { uploadDataDuringCreation: true },
      { chunkSize: 30_000 },
      { overridePatchMethod: true, chunkSize: 60_000 },
      { parallelUploads: 1, chunkSize: 99_999 },
    ] as const) {
      const id = await withTus(file, options).done
      t.ok((await fileOf(id)).equals(file), JSON.stringify(options))
      t.match((await call('GET', `${path}/${id}`, { token: ann.token })).body, {
        offset: 100_000,
        length: 100_000,
        file: {
          id,
          file_id: id,
          url: `/api/uploads/file/${id}`,
          content_type: 'application/pdf',
          bytes: 100_000,
        },
      })
    }
  },
)

t.test(
  'an upload over a connection that breaks again and again goes on from the bytes that arrived',
  async t => {
    const file = document(400_000)
    // The whole file would take ten seconds, so each cut comes before its end.
    proxy.set({ bytesPerSecond: 40_000 })
    const upload = withTus(file, { retryDelays: Array.from({ length: 100 }, () => 50) })
    await until(() => upload.url !== null)
    const arrived = () => offsetOf(upload.url!.replace(String(proxy.port), String(edge.port)))
    const seen: number[] = []
    for (let pauses = 0; pauses < 4; pauses++) {
      const from = seen.at(-1) ?? 0
      // A cut may come before a byte of its connection has arrived. Then another one follows.
      do {
        await pause(150)
        proxy.cut()
      } while ((await arrived()) <= from)
      seen.push(await arrived())
    }
    t.ok(seen.at(-1)! < file.length, 'all of it was cut')
    proxy.clear()
    t.ok((await fileOf(await upload.done)).equals(file))
    t.same(
      seen,
      [...seen].sort((a, b) => a - b),
      `it went on from ${seen.join(', ')}`,
    )
    t.ok(proxy.attempts > 1, 'over several connections')
    t.equal(
      Number(
        (await fixture.database.pool.query<{ count: string }>('select count(*) from upload_parts'))
          .rows[0]!.count,
      ),
      0,
      'no part is left',
    )
  },
)

/**
 * Bytes a second. The proxy sends a fiftieth of them at a time. uWebSockets answers 505 to a
 * request whose first line comes in two pieces when the first piece ends within its `HTTP/1.1`, as
 * with pieces of 40 bytes.
 */
const slow = 2_500

t.test('a file arrives at two kilobytes a second with a pause of eleven seconds', async t => {
  const file = document(20_000)
  const far = await FaultProxy.start(edge.port)
  t.teardown(() => far.close())
  far.set({ bytesPerSecond: slow })
  const inParts = withTus(file, { endpoint: `http://127.0.0.1:${far.port}${path}` })
  const api = new RestClient({
    url: `http://127.0.0.1:${far.port}`,
    tokens: { access_token: ann.token, refresh_token: ann.refresh },
  })
  const ours = api.uploadFile('prescription', file)
  const plain = fetch(`http://127.0.0.1:${far.port}/api/uploads/prescription`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ann.token}`, 'content-type': 'application/pdf' },
    body: file as Uint8Array<ArrayBuffer>,
  })
  await pause(2_000)
  far.set({ stalled: true })
  await pause(11_500)
  far.set({ bytesPerSecond: slow })
  const whole = await plain
  t.equal(whole.status, 201)
  const stored = (await whole.json()) as { id: string }
  t.ok((await fileOf(stored.id)).equals(file))
  t.ok((await fileOf(await inParts.done)).equals(file))
  t.ok((await fileOf((await ours).id)).equals(file))
})

t.test(
  'our client goes on after lost connections and after a restart of the app, and begins anew where it must',
  async t => {
    const file = document(600_000)
    const api = new RestClient({
      url: `http://127.0.0.1:${proxy.port}`,
      tokens: { access_token: ann.token, refresh_token: ann.refresh },
    })
    proxy.set({ bytesPerSecond: 500_000 })
    let begun = ''
    let firstRun = 0
    const app = new AbortController()
    const stopped = api.uploadFile('prescription', file, {
      signal: app.signal,
      onBegun: id => {
        begun = id
      },
      onProgress: arrived => {
        firstRun = arrived
        if (arrived > 200_000) app.abort(new Error('the app is closed'))
        else proxy.cut()
      },
    })
    await t.rejects(stopped, /the app is closed/)
    proxy.clear()
    const progress: number[] = []
    const stored = await api.uploadFile(
      'prescription',
      new Blob([file as Uint8Array<ArrayBuffer>]),
      { continueId: begun, onProgress: arrived => progress.push(arrived) },
    )
    t.equal(stored.id, begun)
    t.ok(progress[0]! >= firstRun, `${progress[0]} after ${firstRun}`)
    t.ok((await fileOf(stored.id)).equals(file))
    t.same(
      await api.uploadFile('prescription', file, { continueId: begun }),
      stored,
      'a finished file is not sent again',
    )
    const anew = await api.uploadFile('prescription', file, {
      continueId: '0190a0a0-0000-7000-8000-000000000001',
    })
    t.not(anew.id, begun)
    await t.rejects(api.uploadFile('proof', Buffer.from('no picture')), {
      code: 'unsupported_media_type',
    })
    await t.rejects(api.uploadFile('signature', document(2 * 1024 * 1024 + 1)), {
      code: 'body_too_large',
    })
  },
)
