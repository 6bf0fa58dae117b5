/** A whole edge that keeps files on its disk, and its people. */
import type { Test } from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { form, people } from './fixture-files.ts'

/**
 * Starts the edge. `upload` sends a file as a form, and `read` returns the status of a download.
 */
export async function startDisk(t: Test) {
  const edge = await startFixture({
    RATE_LIMIT_UPLOAD_PER_ACCOUNT: '100000',
    MAX_UPLOAD_SIZE_MB: '6',
  })
  t.teardown(() => edge.stop())
  const { call } = edge
  const who = await people(edge)
  const upload = (kind: string, token: string, bytes: Uint8Array) =>
    call('POST', `/api/uploads/${kind}`, { token, body: form(bytes) })
  const read = async (url: string, token?: string) =>
    (await call('GET', url, token === undefined ? {} : { token })).status
  return { edge, call, who, upload, read }
}
