/** Answers whose bytes come as they are made: an export, a file. */

export type ByteStream = AsyncIterable<Uint8Array>

/** True for a body that is sent in chunks. */
export const isByteStream = (body: unknown): body is ByteStream =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body

/**
 * The same stream with its first chunk at hand. A source that cannot begin fails here, before the
 * status was sent, so the answer can still be an error. The caller must read the stream or call
 * `endStream`.
 */
export async function begun(source: ByteStream): Promise<ByteStream> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  let given = false
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        if (given) return iterator.next()
        given = true
        return Promise.resolve(first)
      },
      async return() {
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** Ends a stream that nobody will read, so that its source frees its resources. */
export async function endStream(source: ByteStream): Promise<void> {
  await source[Symbol.asyncIterator]().return?.()
}
