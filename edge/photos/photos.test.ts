/** Photos in the format of phones, shown as JPEG in a thread. */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { readJpeg } from '../uploads/formats/jpeg.ts'
import { heic } from '../uploads/samples.ts'
import { photoLimits } from './limits.ts'
import { Photos } from './photos.ts'

const photos = new Photos({
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
})
t.teardown(() => photos.close())
const damaged = { code: 'invalid_request' }
/** The place of the size of the whole picture, the last of its kind in the sample. */
const sizeAt = Buffer.from(heic).lastIndexOf('ispe') + 8

t.test('a photo becomes a JPEG of the same size, without metadata', async t => {
  const jpeg = await photos.jpegOf('a', async () => heic)
  t.match(readJpeg(jpeg), { width: 24, height: 16 })
  t.notOk(Buffer.from(jpeg).includes('Exif'))
  t.ok(photos.isRunning)
})

t.test('a photo that claims to be huge is refused before anything is decoded', async t => {
  photos.close()
  const huge = Buffer.from(heic)
  huge.writeUInt32BE(60_000, sizeAt)
  huge.writeUInt32BE(60_000, sizeAt + 4)
  await t.rejects(
    photos.jpegOf('a', async () => huge),
    damaged,
  )
  t.notOk(photos.isRunning, 'no thread has seen it')
})

t.test('damaged photos are refused, and the next one is shown', async t => {
  for (const at of [heic.length - 60, heic.length - 40, 400, 700]) {
    const broken = Buffer.from(heic)
    broken.fill(0xff, at, at + 30)
    await photos.jpegOf('a', async () => broken).catch((error: unknown) => t.match(error, damaged))
  }
  await t.rejects(
    photos.jpegOf('a', async () => heic.subarray(0, 200)),
    damaged,
  )
  t.match(readJpeg(await photos.jpegOf('a', async () => heic)), { width: 24, height: 16 })
})

t.test('a photo that the decoder refuses ends its thread', async t => {
  const small = Buffer.from(heic)
  small.writeUInt32BE(8, sizeAt)
  small.writeUInt32BE(8, sizeAt + 4)
  await t.rejects(
    photos.jpegOf('a', async () => small),
    damaged,
  )
  t.notOk(photos.isRunning)
})

t.test('photos are loaded one after the other, and one account has few places', async t => {
  let loaded = 0
  const answers = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      photos.jpegOf('a', async () => {
        loaded++
        return heic
      }),
    ),
  )
  t.equal(loaded, photoLimits.showing.jobsPerAccountMax)
  t.equal(answers.filter(({ status }) => status === 'fulfilled').length, loaded)
  const failed = new CaduceusError('unavailable', 'the store does not answer')
  await t.rejects(
    photos.jpegOf('a', () => Promise.reject(failed)),
    failed,
  )
})
