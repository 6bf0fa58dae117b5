/**
 * Uploads files in parts, as tus 1.0 does. A phone on a bad network sends a part, loses its
 * connection, asks how much has arrived and continues from there. Bytes that have arrived are never
 * sent again.
 *
 * ```ts
 * const onBegun = id => localStorage.setItem('upload', id) const file = await
 * api.uploadFile('proof', photo, { onBegun }) await api.updateOrder(orderId, { status: 'delivered',
 * proof_photo_url: file.url })
 * ```
 *
 * Rejected: tus-js-client, which works with the same server. This client depends only on the
 * protocol, and shares its tokens, errors and pauses with the other calls.
 */
import { CaduceusError, errorCatalogue, isErrorCode } from '../kernel/errors.ts'
import { uploadLimits } from './limits.ts'
import { clientLimits } from './limits.ts'

export type UploadKind = 'proof' | 'signature' | 'prescription' | 'document' | 'audio'
export interface UploadedFile {
  id: string
  file_id: string
  url: string
  content_type: string
  bytes: number
}
export interface UploadOptions {
  /**
   * Id of an upload that this run of the app or an earlier one began. The upload begins anew when
   * the server has forgotten it.
   */
  continueId?: string
  /** Called with the id. Store it for `continueId`. */
  onBegun?(id: string): void
  onProgress?(arrivedBytes: number, totalBytes: number): void
  signal?: AbortSignal
}
/** The part of the REST client that uploads use. */
export interface UploadTransport {
  url: string
  fetch: typeof globalThis.fetch
  /** `refused`: the server refused the last token. */
  token(refused: boolean): Promise<string>
}

interface UploadState {
  id: string
  offset: number
  file: UploadedFile | null
}
const path = '/api/uploads/resumable'

/**
 * Resolves with the stored file. Throws CaduceusError with the server's refusal, or `unavailable`
 * after many attempts.
 */
export async function sendInParts(
  transport: UploadTransport,
  kind: UploadKind,
  file: Blob | Uint8Array,
  options: UploadOptions = {},
): Promise<UploadedFile> {
  const blob = file instanceof Blob ? file : new Blob([file as Uint8Array<ArrayBuffer>])
  const { signal, onProgress } = options
  let id = options.continueId ?? null
  let offset: number | null = null
  let mostArrived = 0
  let pieceBytes: number = uploadLimits.pieceBytesFirst
  let refused = false
  let failures = 0
  const call = async (
    method: string,
    address: string,
    headers: Record<string, string>,
    body?: Blob,
  ): Promise<UploadState> => {
    const timeout = AbortSignal.timeout(
      Math.ceil(uploadLimits.partMs + ((body?.size ?? 0) / uploadLimits.bytesPerSecondMin) * 1_000),
    )
    const response = await transport.fetch(transport.url + address, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      ...(body !== undefined && { body }),
      headers: {
        authorization: `Bearer ${await transport.token(refused)}`,
        accept: 'application/json',
        'tus-resumable': '1.0.0',
        ...headers,
      },
    })
    const answer = (await response.json()) as UploadState & { code?: unknown; detail?: string }
    refused = response.status === 401 && !refused
    if (refused) throw new CaduceusError('unavailable', 'the access token is replaced')
    if (!response.ok)
      throw new CaduceusError(
        isErrorCode(answer.code) ? answer.code : 'internal',
        answer.detail ?? `HTTP ${response.status}`,
        undefined,
        Number(response.headers.get('retry-after') ?? 0),
      )
    if (answer.offset > mostArrived) {
      mostArrived = answer.offset
      failures = 0
      onProgress?.(mostArrived, blob.size)
    }
    return answer
  }

  for (;;) {
    try {
      if (id === null) {
        const begun: UploadState = await call('POST', path, {
          'upload-length': String(blob.size),
          'upload-metadata': `kind ${btoa(kind)}`,
        })
        id = begun.id
        offset = begun.offset
        mostArrived = 0
        options.onBegun?.(id)
      }
      if (offset === null) {
        const state: UploadState = await call('GET', `${path}/${id}`, {})
        if (state.file !== null) return state.file
        offset = state.offset
      }
      const begunMs = Date.now()
      const piece = blob.slice(offset, offset + pieceBytes)
      const state: UploadState = await call(
        'PATCH',
        `${path}/${id}`,
        { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
        piece,
      )
      if (state.file !== null) return state.file
      offset = state.offset
      const tookMs = Date.now() - begunMs
      if (tookMs < uploadLimits.quickMs)
        pieceBytes = Math.min(uploadLimits.pieceBytesMax, pieceBytes * 2)
      else if (tookMs > uploadLimits.slowMs)
        pieceBytes = Math.max(uploadLimits.pieceBytesMin, pieceBytes / 2)
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      const gone = error instanceof CaduceusError && error.code === 'not_found' && id !== null
      if (
        error instanceof CaduceusError &&
        !gone &&
        error.code !== 'upload_offset_conflict' &&
        !errorCatalogue[error.code].retryable
      )
        throw error
      if (++failures > uploadLimits.failuresInARowMax)
        throw new CaduceusError(
          'unavailable',
          `the file does not get through: ${error instanceof Error ? error.message : String(error)}`,
        )
      if (gone) id = null
      offset = null
      const pauseMs = Math.min(
        clientLimits.reconnectMsMax,
        clientLimits.reconnectMsMin * 2 ** (failures - 1),
      )
      const wantedMs = error instanceof CaduceusError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0
      // A conflict or a replaced token is not the fault of the network, so it needs no pause.
      if (!refused && !(error instanceof CaduceusError && error.code === 'upload_offset_conflict'))
        await pause(Math.max(wantedMs, pauseMs * (0.5 + Math.random() / 2)), signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
