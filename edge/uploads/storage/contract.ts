/**
 * The rules of `storage.ts` as tests, run against every adapter. A `StorageSubject` is one store
 * with its own clock. The test fetches the bytes as a client does.
 */
import type { Test } from 'tap'
import { uuidV7 } from '../../../protocol/kernel/ids.ts'
import { fileLimits } from './file-limits.ts'
import type { Download, Storage } from './storage.ts'

export interface StorageSubject {
  storage: Storage
  /** True when a reader never sees half a file. A store that others run decides that itself. */
  atomic: boolean
  /** Moves the store's clock. */
  pass(ms: number): void
  /** Makes the store unavailable for good. */
  vanish(): Promise<void>
  close(): Promise<void>
}

export interface Fetched {
  bytes: Uint8Array
  contentType: string | null
  disposition: string | null
}

/** The bytes that a client gets; null without a file. */
async function fetched(download: Download | null): Promise<Fetched | null> {
  if (download === null) return null
  if (download.kind === 'bytes') {
    const chunks: Uint8Array[] = []
    for await (const chunk of download.chunks) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks), contentType: null, disposition: null }
  }
  const response = await fetch(download.url)
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (response.status === 404) return null
  if (!response.ok) throw new Error(`the link answers ${response.status}`)
  return {
    bytes,
    contentType: response.headers.get('content-type'),
    disposition: response.headers.get('content-disposition'),
  }
}

const newKey = (extension = 'png'): string =>
  `proof/${uuidV7(Date.now(), Math.random)}.${extension}`
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 2_654_435_761) >>> 24)
const asPhoto = { contentType: 'image/png', disposition: 'inline; filename="photo.png"' }

/** Runs every rule of `storage.ts` as a subtest of `t`. */
export async function storageContract(
  t: Test,
  name: string,
  make: () => Promise<StorageSubject>,
): Promise<void> {
  const subject = await make()
  const { storage } = subject

  await t.test(`${name}: ST1 what was put comes back`, async t => {
    for (const length of [0, 1, 1_000, 3 * 1024 * 1024 + 7]) {
      const key = newKey()
      await storage.put(key, noise(length), 'image/png')
      const download = await storage.download(key, asPhoto)
      const file = await fetched(download)
      t.ok(Buffer.from(noise(length)).equals(Buffer.from(file!.bytes)), `${length} bytes`)
      if (download!.kind !== 'link') continue
      t.equal(file!.contentType, asPhoto.contentType)
      t.equal(file!.disposition, asPhoto.disposition)
    }
  })

  await t.test(`${name}: ST2 ST4 what was never put, or was removed, is not there`, async t => {
    const key = newKey()
    t.equal(await fetched(await storage.download(key, asPhoto)), null)
    await t.resolves(storage.remove(key), 'removing nothing')
    await storage.put(key, noise(10), 'image/png')
    await storage.remove(key)
    t.equal(await fetched(await storage.download(key, asPhoto)), null)
    await t.resolves(storage.remove(key), 'again')
  })

  await t.test(`${name}: ST3 the same bytes again, and at once`, async t => {
    const key = newKey('webm')
    const bytes = noise(500_000)
    await storage.put(key, bytes, 'audio/webm')
    let reading = true
    const puts = Promise.all(
      Array.from({ length: 8 }, () => storage.put(key, bytes, 'audio/webm')),
    ).finally(() => {
      reading = false
    })
    do {
      // A server that replaces a file piece by piece may answer 500 meanwhile; only the end counts.
      const file = await fetched(
        await storage.download(key, { contentType: 'audio/webm', disposition: 'inline' }),
      ).catch((error: unknown) => {
        if (subject.atomic) throw error
        return null
      })
      if (subject.atomic) t.equal(file?.bytes.length, bytes.length, 'never half')
    } while (reading)
    await puts
    t.ok(
      Buffer.from(bytes).equals(
        Buffer.from((await fetched(await storage.download(key, asPhoto)))!.bytes),
      ),
    )
  })

  await t.test(`${name}: ST5 a key leads nowhere else`, async t => {
    const good = newKey()
    for (const key of [
      '',
      '/etc/passwd',
      '../secret',
      'proof/../../secret.png',
      good.replace('proof', '..'),
      `${good}/x`,
      `x/${good}`,
      `${good}\0`,
      `${good}\n`,
      good.replace('/', '\\'),
      `${good}?x=1`,
      good.replace('proof', 'PROOF'),
      good.replace('.png', ''),
    ]) {
      await t.rejects(
        storage.put(key, noise(1), 'image/png'),
        /not a storage key/,
        JSON.stringify(key),
      )
      await t.rejects(storage.download(key, asPhoto), /not a storage key/)
      await t.rejects(storage.remove(key), /not a storage key/)
    }
  })

  await t.test(`${name}: ST6 a link opens one file, for a time`, async t => {
    const [key, other] = [newKey(), newKey()]
    await storage.put(key, noise(10), 'image/png')
    await storage.put(other, noise(20), 'image/png')
    const download = await storage.download(key, asPhoto)
    if (download!.kind !== 'link') {
      t.pass('there are no links')
      return
    }
    const { url } = download as Extract<Download, { kind: 'link' }>
    t.equal((await fetch(url)).status, 200)
    t.equal((await fetch(url.replace(key, other))).status, 403, 'another file')
    t.equal((await fetch(url.replace('image%2Fpng', 'text%2Fhtml'))).status, 403, 'another type')
    t.equal((await fetch(url, { method: 'DELETE' })).status, 403, 'another use')
    subject.pass(-(fileLimits.uploadLinkSeconds + 60) * 1000)
    t.equal(
      (
        await fetch(
          ((await storage.download(key, asPhoto)) as Extract<Download, { kind: 'link' }>).url,
        )
      ).status,
      403,
      'its time is over',
    )
    subject.pass((fileLimits.uploadLinkSeconds + 60) * 1000)
  })

  await t.test(`${name}: a store that works passes its check`, t => t.resolves(storage.check()))

  await t.test(`${name}: ST7 away`, async t => {
    await subject.vanish()
    if (storage.name === 's3') {
      await t.rejects(storage.put(newKey(), noise(1), 'image/png'), { code: 'unavailable' })
      await t.rejects(storage.remove(newKey()), { code: 'unavailable' })
      await t.resolves(storage.check(), 'an outage is no mistake of the configuration')
    } else await t.rejects(storage.put(newKey(), noise(1), 'image/png'))
  })
  await subject.close()
}
