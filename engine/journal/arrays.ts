/**
 * Columns as arrays in Postgres' binary format, all of a statement in one buffer. As text every number,
 * id and time is written here digit by digit and parsed there again, which was a fifth of an append.
 *
 * Rejected: the driver's own array encoding (text, several calls an element), and COPY, which cannot be
 * conditional on a fence.
 */

/** https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat */
const oids = { int2: 21, int4: 23, int8: 20, float8: 701, text: 25, json: 114, uuid: 2950, timestamptz: 1184 } as const
/** Postgres counts microseconds from the year 2000. */
const postgresEpochMs = Date.UTC(2000, 0, 1)
const headBytes = 20

export class ArrayWriter {
  #bytes = Buffer.allocUnsafeSlow(256 * 1024)
  #at = 0
  #ends: number[] = []

  /** Forgets what was written: somebody may have thrown in the middle. */
  begin(): void {
    this.#at = 0
    this.#ends = []
  }

  /** The arrays since the last `begin`, in the order written. */
  take(): Buffer[] {
    const all = Buffer.allocUnsafeSlow(this.#at)
    this.#bytes.copy(all, 0, 0, this.#at)
    let from = 0
    const arrays = this.#ends.map(end => {
      const array = all.subarray(from, end)
      from = end
      return array
    })
    this.begin()
    return arrays
  }

  int2(values: readonly number[]): void {
    this.#begin('int2', values.length, 6)
    for (const value of values) {
      this.#size(2)
      whole(value)
      this.#at = this.#bytes.writeInt16BE(value, this.#at)
    }
    this.#end()
  }

  int4(values: readonly number[]): void {
    this.#begin('int4', values.length, 8)
    for (const value of values) {
      this.#size(4)
      whole(value)
      this.#at = this.#bytes.writeInt32BE(value, this.#at)
    }
    this.#end()
  }

  /** Whole numbers below 2^53. */
  int8(values: readonly (number | null)[]): void {
    this.#begin('int8', values.length, 12)
    for (const value of values) if (this.#present(value, 8)) this.#big(value)
    this.#end()
  }

  float8(values: readonly (number | null)[]): void {
    this.#begin('float8', values.length, 12)
    for (const value of values) if (this.#present(value, 8)) this.#at = this.#bytes.writeDoubleBE(value, this.#at)
    this.#end()
  }

  /** From ms since the epoch. */
  timestamptz(valuesMs: readonly (number | null)[]): void {
    this.#begin('timestamptz', valuesMs.length, 12)
    for (const value of valuesMs) if (this.#present(value, 8)) this.#big(Math.round((value - postgresEpochMs) * 1000))
    this.#end()
  }

  uuid(values: readonly (string | null)[]): void {
    this.#begin('uuid', values.length, 20)
    for (const value of values) if (this.#present(value, 16)) this.#uuid(value)
    this.#end()
  }

  /** A NUL, which Postgres cannot store as text, is dropped. */
  text(values: readonly (string | null)[]): void { this.#texts('text', values) }
  json(values: readonly unknown[]): void { this.#texts('json', values.map(value => JSON.stringify(value))) }

  #texts(type: 'text' | 'json', values: readonly (string | null)[]): void {
    this.#begin(type, values.length, 4)
    for (const value of values) {
      if (value === null) { this.#size(-1); continue }
      const clean = value.includes('\0') ? value.replaceAll('\0', '') : value
      this.#room(clean.length * 3 + 4)
      const bytes = this.#bytes.write(clean, this.#at + 4, 'utf8')
      this.#size(bytes)
      this.#at += bytes
    }
    this.#end()
  }

  #begin(type: keyof typeof oids, count: number, elementBytesMax: number): void {
    this.#room(headBytes + count * elementBytesMax)
    this.#size(1)
    // "May hold nulls" costs nothing when there are none.
    this.#size(1)
    this.#size(oids[type])
    this.#size(count)
    this.#size(1)
  }

  #end(): void { this.#ends.push(this.#at) }

  #size(value: number): void { this.#at = this.#bytes.writeInt32BE(value, this.#at) }

  #present(value: number | string | null, bytes: number): value is NonNullable<typeof value> {
    this.#size(value === null ? -1 : bytes)
    return value !== null
  }

  #big(value: number): void {
    const high = Math.floor(whole(value) / 2 ** 32)
    this.#at = this.#bytes.writeInt32BE(high, this.#at)
    this.#at = this.#bytes.writeUInt32BE(value - high * 2 ** 32, this.#at)
  }

  /** Any writing of 32 hexadecimal digits; an id that is none was refused long before. */
  #uuid(text: string): void {
    const end = this.#at + 16
    for (let i = 0; i < text.length && this.#at < end; i++) {
      if (text.charCodeAt(i) === 0x2d) continue
      this.#bytes[this.#at++] = (digitOf(text.charCodeAt(i)) << 4) | digitOf(text.charCodeAt(++i))
    }
    if (this.#at !== end) throw new Error('a uuid has 32 digits')
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

/** Also for times that are none: NaN would be stored as some date. */
function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no whole number`)
  return value
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  if (letter >= 0x61 && letter <= 0x66) return letter - 0x57
  throw new Error('a uuid has hexadecimal digits only')
}
