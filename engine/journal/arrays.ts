/**
 * Encodes columns as arrays in the binary format of Postgres, all arrays of a statement in one
 * buffer. As text, every number, id and time is written digit by digit here and parsed again there;
 * that was a fifth of an append.
 *
 * Rejected: the array encoding of the driver, which makes text and several calls for each element.
 * Rejected: COPY, which cannot depend on a fence.
 */
import type { ColumnType } from './table.ts'

/** https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat */
const oids: Record<ColumnType, number> = {
  int2: 21,
  int4: 23,
  int8: 20,
  float8: 701,
  text: 25,
  json: 114,
  uuid: 2950,
  timestamptz: 1184,
}
/** Postgres counts microseconds from the year 2000. */
const postgresEpochMs = Date.UTC(2000, 0, 1)
const headBytes = 20
/**
 * Size of an element with its length, in bytes. For texts only the length is counted; a text makes
 * room for itself.
 */
const elementBytesMax: Record<ColumnType, number> = {
  int2: 6,
  int4: 8,
  int8: 12,
  float8: 12,
  text: 4,
  json: 4,
  uuid: 20,
  timestamptz: 12,
}

/**
 * Texts up to this length are written character by character, because a call into the runtime for
 * each costs more.
 */
const shortCharacters = 64

export class ArrayWriter {
  #bytes = Buffer.allocUnsafeSlow(256 * 1024)
  #at = 0
  #ends: number[] = []

  /** Starts again. The bytes that `take` gave away are overwritten from now on. */
  begin(): void {
    this.#at = 0
    this.#ends.length = 0
  }

  /**
   * The arrays since the last `begin`, in the order in which they were written. They are this
   * writer's own bytes, valid until the next `begin`.
   */
  take(): Buffer[] {
    let from = 0
    return this.#ends.map(end => {
      const array = this.#bytes.subarray(from, end)
      from = end
      return array
    })
  }

  /**
   * Writes one array: the value `of` each row. By type: int2, int4 and int8 take whole numbers
   * below 2^53, float8 a number, timestamptz ms since the epoch, uuid and text a string (a NUL is
   * dropped, because Postgres cannot store it as text), json any value that JSON can hold. Null is
   * null in each of them. Throws at a value that the type cannot hold.
   */
  column<Row>(type: ColumnType, rows: readonly Row[], of: (row: Row) => unknown): void {
    this.#room(headBytes + rows.length * elementBytesMax[type])
    this.#size(1)
    // The flag "may hold nulls" costs nothing when there are none.
    this.#size(1)
    this.#size(oids[type])
    this.#size(rows.length)
    this.#size(1)
    for (const row of rows) {
      const value = of(row)
      if (value === null) this.#size(-1)
      else this.#element(type, value)
      if (type === 'text' || type === 'json') this.#room(4)
    }
    this.#ends.push(this.#at)
  }

  #element(type: ColumnType, value: unknown): void {
    switch (type) {
      case 'int2':
        this.#size(2)
        this.#at = this.#bytes.writeInt16BE(whole(value), this.#at)
        break
      case 'int4':
        this.#size(4)
        this.#at = this.#bytes.writeInt32BE(whole(value), this.#at)
        break
      case 'int8':
        this.#big(whole(value))
        break
      case 'timestamptz':
        this.#big(Math.round((whole(value) - postgresEpochMs) * 1000))
        break
      case 'float8':
        this.#size(8)
        this.#at = this.#bytes.writeDoubleBE(value as number, this.#at)
        break
      case 'uuid':
        this.#size(16)
        this.#uuid(value as string)
        break
      case 'text':
        this.#text(value as string)
        break
      case 'json':
        // JSON escapes the NUL.
        this.#utf8(JSON.stringify(value))
    }
  }

  #text(value: string): void {
    if (value.length > shortCharacters)
      return this.#utf8(value.includes('\0') ? value.replaceAll('\0', '') : value)
    this.#room(4 + value.length)
    const bytes = this.#bytes
    const from = this.#at + 4
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code === 0 || code > 0x7f) return this.#utf8(value.replaceAll('\0', ''))
      bytes[from + i] = code
    }
    this.#size(value.length)
    this.#at += value.length
  }

  #utf8(value: string): void {
    this.#room(value.length * 3 + 4)
    const bytes = this.#bytes.write(value, this.#at + 4, 'utf8')
    this.#size(bytes)
    this.#at += bytes
  }

  #size(value: number): void {
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
  }

  #big(value: number): void {
    this.#size(8)
    const high = Math.floor(value / 2 ** 32)
    this.#at = this.#bytes.writeInt32BE(high, this.#at)
    this.#at = this.#bytes.writeUInt32BE(value - high * 2 ** 32, this.#at)
  }

  /** Takes any spelling of 32 hexadecimal digits. A text that is no id was refused long before. */
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

/** Throws also at invalid times: NaN would be stored as some date. */
function whole(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${String(value)} is no whole number`)
  return value as number
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  if (letter >= 0x61 && letter <= 0x66) return letter - 0x57
  throw new Error('a uuid has hexadecimal digits only')
}
