/**
 * One request body on its way in. Until its sender is known to be admitted, no more of it is taken from
 * the kernel than came with the headers; from then on it is collected whole, or handed on in pieces as
 * they come. Its memory is counted in the room, and given back as soon as nobody needs it.
 */
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { Arrived } from './arrived.ts'
import type { BodyClock } from './clock.ts'
import { bodyLimits } from './limits.ts'
import type { Holder, Seat } from './room.ts'

/** What a body needs of its connection. Nothing happens where the connection is over. */
export interface BodySource {
  /** Must be called in the synchronous part of the handler, or the first bytes are lost. */
  onData(take: (chunk: ArrayBuffer, isLast: boolean) => void): void
  pause(): void
  resume(): void
}

/** Thrown to a reader of pieces whose sender left before the end; what had arrived was handed on before. */
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
  /** Wanted: its sender may go on. Until then the sender waits. */
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
  /** The sender is held back by us, so its silence is ours. */
  get isHeldBack(): boolean {
    return this.#paused
  }

  /** Counts it for its sender, now that this is known. Throws `too_many_requests` or `overloaded`. */
  admit(holder: Holder): void {
    this.#seat?.moveTo(holder, this.isUpload)
  }

  /** All of it, valid until `release`. Throws `body_too_large`, `body_too_slow` and as `admit`; never settles for a sender that left. */
  async whole(): Promise<Uint8Array> {
    this.#begin('whole')
    while (!this.#complete && this.#failure === null) await this.#change()
    if (this.#failure instanceof SenderLeft) return new Promise(() => undefined)
    if (this.#failure !== null) throw this.#failure
    return this.#arrived.bytes
  }

  /** As they come, each its reader's own and counted until it is forgotten; the sender waits for the reader. Throws as `whole`, and SenderLeft. */
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

  /** Refuses it: nothing of it is kept, and whoever waits for it hears why. What still comes is discarded. */
  fail(error: Error): void {
    if (this.#complete || this.#failure !== null) return
    this.#failure = error
    // Of one that is read in pieces, the reader still gets what had arrived.
    if (this.#wanted !== 'in pieces') this.#give()
    this.#clock.remove(this)
    this.#flow()
    this.#notify()
  }

  /** Nobody needs its bytes any more. */
  release(): void {
    this.fail(new SenderLeft())
    this.#give()
  }

  /** For pieces that need no memory any more. */
  forget(bytes: number): void {
    this.#seat?.shrink(bytes)
  }

  /** For memory that handling it takes, until `release`. Throws as `admit`. */
  hold(bytes: number): void {
    this.#seat?.grow(bytes)
  }

  /** Ends one that is read in pieces: its reader keeps what has come, and its sender hears the error. */
  interrupt(error: Error): void {
    if (this.#wanted === 'in pieces') this.fail(error)
  }

  /** Its bytes have been copied; what was made of them is still counted. */
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
      // The library hands over what it reads at once behind a full buffer, also when it was told to wait. Nobody
      // asks for more of this body, and the connection's next request would never be read.
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
