/**
 * For tests: a whole edge that takes files in parts, a network before it that can break, and the
 * requests of tus.
 */
import { FaultProxy } from '../../protocol/testing/proxy/proxy.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { pdf } from './samples.ts'
import type { Test } from 'tap'

/** Starts the edge and the breakable network before it; `ann` and `bob` are customers. */
export async function startResumable(t: Test) {
  const fixture = await startFixture({ MAX_UPLOAD_SIZE_MB: '2' })
  t.setTimeout(120_000)
  t.teardown(() => fixture.stop())
  const { edge, call, clock } = fixture
  const proxy = await FaultProxy.start(edge.port)
  t.teardown(() => proxy.close())
  const path = '/api/uploads/resumable'
  const url = `http://127.0.0.1:${edge.port}`
  const ann = await fixture.customer()
  const bob = await fixture.customer()

  /** A document of so many bytes. Its bytes vary, so that a part in the wrong place shows. */
  const document = (bytes: number): Buffer => {
    const text = Buffer.from(
      Array.from({ length: bytes }, (_, i) => 48 + ((i * 7 + (i >> 8)) % 10)),
    )
    text.set(pdf.subarray(0, 9))
    text.set(Buffer.from('\n%%EOF\n'), bytes - 7)
    return text
  }
  const metadataOf = (kind: string): string =>
    `filename ${Buffer.from('Rezept März.pdf').toString('base64')},kind ${Buffer.from(kind).toString('base64')}`
  const fileOf = async (id: string, token = ann.token): Promise<Buffer> =>
    Buffer.from(
      await (
        await fetch(`${url}/api/uploads/file/${id}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).arrayBuffer(),
    )
  const send = async (
    method: string,
    where: string,
    headers: Record<string, string>,
    body?: Uint8Array,
    token = ann.token,
  ) => {
    const response = await fetch(where.startsWith('http') ? where : url + where, {
      method,
      headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    }
  }
  const begin = async (bytes: number, kind = 'prescription', token = ann.token) => {
    const begun = await send(
      'POST',
      path,
      { 'upload-length': String(bytes), 'upload-metadata': metadataOf(kind) },
      undefined,
      token,
    )
    if (begun.status !== 201) throw new Error(JSON.stringify(begun.body))
    return begun.headers.get('location')!
  }
  const part = { 'content-type': 'application/offset+octet-stream' }
  const patch = (
    where: string,
    offset: number,
    bytes: Uint8Array,
    headers: Record<string, string> = {},
    token = ann.token,
  ) => send('PATCH', where, { ...part, 'upload-offset': String(offset), ...headers }, bytes, token)
  const offsetOf = async (where: string): Promise<number> =>
    Number((await send('HEAD', where, {})).headers.get('upload-offset'))
  return {
    fixture,
    edge,
    call,
    clock,
    proxy,
    path,
    url,
    ann,
    bob,
    document,
    metadataOf,
    fileOf,
    send,
    begin,
    part,
    patch,
    offsetOf,
  }
}
