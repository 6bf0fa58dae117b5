/**
 * One request body under way. Until its sender is admitted, only the bytes that came with the
 * headers are read. After that the body is collected whole, or passed on in pieces as they arrive.
 * Its memory is counted in the room of bodies and given back as soon as nobody needs it.
 */
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { Arrived } from './arrived.ts'
import type { BodyClock } from './clock.ts'
import { bodyLimits } from './limits.ts'
import type { Holder, Seat } from './room.ts'

/** The connection of a body. Its methods do nothing once the connection is over. */
export interface BodySource {
  /** Must be called in the synchronous part of the handler; otherwise the first bytes are lost. */
  onData(take: (chunk: ArrayBuffer, isLast: boolean) => void): void
  pause(): void
  resume(): void
}

/**
 * Thrown to a reader of pieces when the sender left before the end. The bytes that had arrived were
 * passed on before.
 */
export class SenderLeft extends Error {
  constructor() {
    super('the sender left before the end of the body')
  }
}

interface IncomingOptions {
  bytesMax: number
  declaredBytes: number
  seat: Seat | CaduceusError
  clock: BodyClock
  isUpload: boolean
}

export class IncomingBody {
  readonly isUpload: boolean
  readonly #source: BodySource
  readonly #arrived: Arrived
  readonly #bytesMax: number
  readonly #clock: BodyClock
  #seat: Seat | null = null
  /** How the body is read; `no`: not yet, and the sender waits. */
  #wanted: 'no' | 'whole' | 'in pieces' = 'no'
  #paused = false
  #complete = false
  #failure: Error | null = null
  #received = 0
  #changed: (() => void) | null = null

  constructor(
    source: BodySource,
    { bytesMax, declaredBytes, seat, clock, isUpload }: IncomingOptions,
  ) {
    this.#source = source
    this.#bytesMax = bytesMax
    this.#clock = clock
    this.isUpload = isUpload
    this.#arrived = new Arrived(
      declaredBytes > 0 && declaredBytes < bytesMax ? declaredBytes : bytesMax,
    )
    if (seat instanceof CaduceusError) this.#failure = seat
    else this.#seat = seat
    if (declaredBytes > bytesMax) this.fail(tooLarge(bytesMax))
    source.onData((chunk, isLast) => this.#take(chunk, isLast))
  }

  get received(): number {
    return this.#received
  }
  get isComplete(): boolean {
    return this.#complete
  }
  get isReadInPieces(): boolean {
    return this.#wanted === 'in pieces'
  }
  /** True while we hold the sender back; then its silence is our doing. */
  get isHeldBack(): boolean {
    return this.#paused
  }

  /**
   * Counts the body for its sender, who is known now. Throws `too_many_requests` or `overloaded`.
   */
  admit(holder: Holder): void {
    this.#seat?.moveTo(holder, this.isUpload)
  }

  /**
   * The whole body, valid until `release`. Throws `body_too_large`, `body_too_slow` and the errors
   * of `admit`. Never settles when the sender left.
   */
  async whole(): Promise<Uint8Array> {
    this.#begin('whole')
    while (!this.#complete && this.#failure === null) await this.#change()
    if (this.#failure instanceof SenderLeft) return new Promise(() => undefined)
    if (this.#failure !== null) throw this.#failure
    return this.#arrived.bytes
  }

  /** Like `whole`, with null in place of a body that is too large. */
  async wholeOrNull(): Promise<Uint8Array | null> {
    return this.whole().catch((error: unknown) => {
      if (error instanceof CaduceusError && error.code === 'body_too_large') return null
      throw error
    })
  }

  /**
   * The pieces as they arrive. Each belongs to the reader and counts until it is forgotten; the
   * sender waits for the reader. Throws the errors of `whole`, and SenderLeft.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    this.#begin('in pieces')
    for (;;) {
      if (this.#arrived.length > 0) {
        yield this.#arrived.take()
      } else if (this.#failure !== null) throw this.#failure
      else if (this.#complete) return
      else {
        this.#flow()
        await this.#change()
      }
    }
  }

  /**
   * Refuses the body: its bytes are given back, its reader gets the error, and later bytes are
   * discarded.
   */
  fail(error: Error): void {
    if (this.#complete || this.#failure !== null) return
    this.#failure = error
    // The reader of pieces still gets the bytes that had arrived.
    if (this.#wanted !== 'in pieces') this.#give()
    this.#clock.remove(this)
    this.#flow()
    this.#notify()
  }

  /** Call it when nobody needs the bytes any more. */
  release(): void {
    this.fail(new SenderLeft())
    this.#give()
  }

  /** Uncounts the bytes of pieces that need no memory any more. */
  forget(bytes: number): void {
    this.#seat?.shrink(bytes)
  }

  /** Counts memory that handling the body takes, until `release`. Throws the errors of `admit`. */
  hold(bytes: number): void {
    this.#seat?.grow(bytes)
  }

  /**
   * Ends a body that is read in pieces: its reader keeps the bytes so far, and its sender gets the
   * error.
   */
  interrupt(error: Error): void {
    if (this.#wanted === 'in pieces') this.fail(error)
  }

  /** Frees the bytes after they were copied. The memory of the copies still counts. */
  forgetBytes(): void {
    this.#arrived.free()
  }

  /** Tells the library that the sender is alive. */
  rearm(): void {
    if (this.#paused || this.#complete) return
    this.#source.pause()
    this.#source.resume()
  }

  #begin(wanted: 'whole' | 'in pieces'): void {
    this.#wanted = wanted
    if (this.#complete || this.#failure !== null) return
    this.#clock.add(this)
    this.#flow()
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#failure !== null || this.#complete) return
    this.#received += chunk.byteLength
    if (this.#received > this.#bytesMax) {
      this.fail(tooLarge(this.#bytesMax))
      return
    }
    try {
      this.#seat?.grow(chunk.byteLength)
    } catch (error) {
      this.fail(error as Error)
      return
    }
    this.#arrived.append(chunk)
    if (isLast) {
      this.#complete = true
      this.#clock.remove(this)
      // The library passes on bytes that it read at once behind a full buffer, even when it was
      // told to wait. Nobody will ask for more of this body, and without this call the next request
      // of the connection would never be read.
      this.#flow()
    } else {
      this.#clock.heard(this)
      if (
        this.#wanted === 'no' ||
        (this.#wanted === 'in pieces' && this.#arrived.length >= bodyLimits.piecesWindowBytes)
      )
        this.#hold()
    }
    if (isLast || this.#wanted === 'in pieces') this.#notify()
  }

  #hold(): void {
    if (this.#paused) return
    this.#paused = true
    this.#source.pause()
  }

  #flow(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#clock.heard(this)
    this.#source.resume()
  }

  #give(): void {
    this.#arrived.free()
    this.#seat?.leave()
    this.#seat = null
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#changed = resolve
    })
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = null
    changed?.()
  }
}

const tooLarge = (bytesMax: number) =>
  new CaduceusError('body_too_large', `the body may have at most ${bytesMax} bytes`)
