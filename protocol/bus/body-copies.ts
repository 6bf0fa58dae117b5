/**
 * Copies of message bodies, cut one after the other from slabs. A buffer of its own for every 16 KB of
 * locations costs 13 µs, nearly all of it for the allocator and the collector; a slice costs one.
 *
 * Why not buffers that come back when their handlers are done: a handler may keep its bytes (B11), and
 * nobody could tell. The price here is that a body somebody keeps holds its whole slab, so only what
 * is handed out and soon forgotten is copied this way.
 */
const slabBytes = 512 * 1024
/** A larger body would waste too much of a slab's end. */
const sliceBytesMax = slabBytes / 8

export class BodyCopies {
  #slab = Buffer.alloc(0)
  #at = 0

  /** Bytes of the caller's own, equal to `body`. */
  copy(body: Uint8Array): Buffer {
    const { length } = body
    if (length > sliceBytesMax) return Buffer.from(body)
    if (this.#at + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes)
      this.#at = 0
    }
    const copy = this.#slab.subarray(this.#at, (this.#at += length))
    copy.set(body)
    return copy
  }
}
