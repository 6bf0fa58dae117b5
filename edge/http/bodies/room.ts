/**
 * The memory that the bodies of unfinished requests may take: by account, by address where nobody
 * has signed in, and at the whole edge. A body that needs more is refused before more is kept, so
 * one sender of half-sent files can neither end the process nor stop the others.
 *
 * Bytes that have arrived are counted. Rejected: reserving the bytes that `Content-Length`
 * announces, because a hundred senders of one byte each could then keep everybody out.
 */
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { bodyLimits } from './limits.ts'

/** The account or the group of addresses for which a body counts. */
export type Holder = `account ${string}` | `address ${string}`

interface Held {
  bytes: number
  uploads: number
  seats: number
}
const nothing: Readonly<Held> = { bytes: 0, uploads: 0, seats: 0 }

export class BodyRoom {
  readonly #held = new Map<Holder, Held>()
  readonly #bytesPerHolderMax: number
  #bytes = 0
  #uploadBytes = 0

  /** `uploadBytesMax`: one upload of the largest configured size must always fit. */
  constructor(uploadBytesMax: number) {
    this.#bytesPerHolderMax = Math.max(bodyLimits.bytesPerHolderMax, uploadBytesMax)
  }

  /** Bytes of all unfinished bodies. */
  get bytes(): number {
    return this.#bytes
  }
  /** Number of holders of unfinished bodies. */
  get holders(): number {
    return this.#held.size
  }

  /** Makes a seat for one body. Throws `too_many_requests` or `overloaded`. */
  enter(holder: Holder): Seat {
    return new Seat(
      holder,
      (seat, bytes) => this.#change(seat, bytes),
      (seat, to, isUpload) => this.#move(seat, to, isUpload),
    )
  }

  #change(seat: Seat, bytes: number): void {
    if (bytes > 0) {
      this.#admitToHolder(seat.holder, bytes)
      this.#admitToEdge(bytes, seat.isUpload ? bytes : 0)
    }
    this.#add(seat.holder, bytes, seat.isUpload, {
      seats: seat.bytes === 0 ? 1 : seat.bytes + bytes === 0 ? -1 : 0,
      uploads: 0,
    })
  }

  /** The edge has admitted the bytes before, so they are new to the holder and to the files only. */
  #move(seat: Seat, to: Holder, isUpload: boolean): void {
    if (isUpload && (!seat.isUpload || to !== seat.holder)) this.#admitUpload(to)
    if (to !== seat.holder) this.#admitToHolder(to, seat.bytes)
    this.#admitToEdge(0, isUpload && !seat.isUpload ? seat.bytes : 0)
    this.#add(seat.holder, -seat.bytes, seat.isUpload, {
      seats: -1,
      uploads: seat.isUpload ? -1 : 0,
    })
    this.#add(to, seat.bytes, isUpload, { seats: 1, uploads: isUpload ? 1 : 0 })
  }

  #admitUpload(holder: Holder): void {
    const { uploads } = this.#held.get(holder) ?? nothing
    if (uploads >= bodyLimits.uploadsPerHolderMax)
      throw tooMany(
        `${whose(holder)} may send ${bodyLimits.uploadsPerHolderMax} files at once; send this one when another has arrived`,
      )
  }

  #admitToHolder(holder: Holder, bytes: number): void {
    const held = this.#held.get(holder) ?? nothing
    if (held.bytes + bytes > this.#bytesPerHolderMax)
      throw tooMany(
        `${whose(holder)} may have ${this.#bytesPerHolderMax} bytes of unfinished requests; send this one when another has arrived`,
      )
  }

  #admitToEdge(bytes: number, uploadBytes: number): void {
    const edgeMax = bodyLimits.bytesPerEdgeMax
    if (
      (bytes > 0 && this.#bytes + bytes > edgeMax) ||
      (uploadBytes > 0 && this.#uploadBytes + uploadBytes > edgeMax - bodyLimits.bytesForOthersMin)
    )
      throw new CaduceusError(
        'overloaded',
        'this server is taking in as much as it can hold; try again',
        undefined,
        bodyLimits.retryAfterSeconds,
      )
  }

  #add(
    holder: Holder,
    bytes: number,
    isUpload: boolean,
    { seats, uploads }: { seats: number; uploads: number },
  ): void {
    const held = this.#held.get(holder) ?? { ...nothing }
    held.bytes += bytes
    held.seats += seats
    held.uploads += uploads
    this.#bytes += bytes
    if (isUpload) this.#uploadBytes += bytes
    if (held.seats === 0) this.#held.delete(holder)
    else this.#held.set(holder, held)
  }
}

const whose = (holder: Holder): string =>
  holder.startsWith('account') ? 'an account' : 'an address'

/** The share of one body in the room. It is given back once, however the request ends. */
export class Seat {
  holder: Holder
  isUpload = false
  bytes = 0
  readonly #change: (seat: Seat, bytes: number) => void
  readonly #move: (seat: Seat, to: Holder, isUpload: boolean) => void
  #left = false

  constructor(
    holder: Holder,
    change: (seat: Seat, bytes: number) => void,
    move: (seat: Seat, to: Holder, isUpload: boolean) => void,
  ) {
    this.holder = holder
    this.#change = change
    this.#move = move
    this.#by(bodyLimits.bytesPerBodyMin)
  }

  /**
   * Counts bytes that have arrived. Throws `too_many_requests` or `overloaded`, and then holds no
   * more than before.
   */
  grow(bytes: number): void {
    if (!this.#left && bytes > 0) this.#by(bytes)
  }

  /** Uncounts bytes that were handled and forgotten. */
  shrink(bytes: number): void {
    if (!this.#left && bytes > 0) this.#by(-bytes)
  }

  /** Moves the seat to its sender, now that the sender is known. Throws the errors of `grow`. */
  moveTo(holder: Holder, isUpload: boolean): void {
    if (this.#left) return
    this.#move(this, holder, isUpload)
    this.holder = holder
    this.isUpload = isUpload
  }

  leave(): void {
    if (this.#left) return
    if (this.isUpload) this.moveTo(this.holder, false)
    this.#by(-this.bytes)
    this.#left = true
  }

  #by(bytes: number): void {
    this.#change(this, bytes)
    this.bytes += bytes
  }
}

const tooMany = (detail: string): CaduceusError =>
  new CaduceusError('too_many_requests', detail, undefined, bodyLimits.retryAfterSeconds)
