/** Answers whose bytes come as they are made: an export, a file. */

export type ByteStream = AsyncIterable<Uint8Array>

export const isByteStream = (body: unknown): body is ByteStream =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body

/**
 * The same stream with its first chunk at hand. A source that cannot begin fails here, while there
 * is
 * still a status to say so with. Whoever takes the stream must read it or `endStream` it.
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

/** Gives back what the source holds; for one that nobody will read. */
export async function endStream(source: ByteStream): Promise<void> {
  await source[Symbol.asyncIterator]().return?.()
}
