/**
 * Packs a state into few bytes. It can pack any JSON document. The words that every order repeats
 * (names of fields and of states) take one byte each, ids 17 bytes and coordinates 6. An idle actor
 * rests in memory in this form and is stored in it, so the packed size is the cost of an idle
 * order.
 *
 * Rejected: msgpack, because two thirds of an order are then names of fields (1,100 bytes against
 * 420). Rejected: the records of msgpackr, because their meaning lies in a table that must never be
 * lost. Rejected: compression, because it takes ten times as long. This code reads only its own
 * bytes, from the journal or from this process.
 */

/** Stands in the place of a word's number: the name follows as text. */
const literalName = 0xff

/**
 * The words that have a number. Stored bytes refer to words by place: append only; never insert,
 * remove or rename. A missing word is written out as text, so a forgotten word costs bytes and
 * nothing else.
 */
export interface Words {
  readonly list: readonly string[]
  readonly numbers: ReadonlyMap<string, number>
}
/** Throws when the list has more words than one byte can number. */
export function wordTable(list: readonly string[]): Words {
  if (list.length > literalName) throw new Error(`${list.length} words, ${literalName} at the most`)
  return { list, numbers: new Map(list.map((word, number) => [word, number])) }
}
/** The table without words: every word is written out. */
const noWords: Words = { list: [], numbers: new Map() }

/** First bytes of values. A byte below `firstTag` is the number itself. */
const tags = {
  null: 0x80,
  true: 0x81,
  false: 0x82,
  double: 0x83,
  uuid: 0x84,
  hex16: 0x85,
  word: 0x86,
  text: 0x87,
  list: 0x88,
  map: 0x89,
  /**
   * A multiple of 1e-7 in 40 bits. Devices and maps write coordinates with at most seven decimals.
   */
  decimal: 0x8a,
  /**
   * Followed by the place among the first ids of the value. The id of the actor itself has place 0.
   */
  seen: 0x8b,
  /** Plus the number of the bytes that follow, 1 to 6. */
  uint: 0x8f,
  /** Plus the length: a text below 32 bytes, a list or a map below 16 members. */
  shortText: 0xa0,
  shortList: 0xc0,
  shortMap: 0xd0,
} as const
const firstTag = 0x80

let numbers = noWords.numbers
let scratch = Buffer.allocUnsafeSlow(64 * 1024)
let at = 0

/** Number of ids that can be referred to. With more, the search would cost more than it saves. */
const seenMax = 16
let seen: string[] = []
/**
 * The last four bytes of each seen id while packing. They tell a thousand candidates from sixteen
 * ids without comparing text.
 */
const seenEnds = new Int32Array(seenMax)

/**
 * Packs a value that JSON could hold; undefined members are left out. The bytes are valid until the
 * next call. `self` is an id that the reader will know too.
 */
export function pack(value: unknown, table = noWords, headBytes = 0, self = ''): Buffer {
  numbers = table.numbers
  at = headBytes
  seen = [self]
  seenEnds[0] = self.length === 36 ? lastFourOf(self) : 0
  write(value)
  return scratch.subarray(0, at)
}

function room(bytes: number): void {
  if (at + bytes <= scratch.length) return
  const grown = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + bytes))
  scratch.copy(grown, 0, 0, at)
  scratch = grown
}

function write(value: unknown): void {
  room(16)
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return writeNumber(value)
    case 'boolean':
      scratch[at++] = value ? tags.true : tags.false
      return
    case 'object':
      if (value === null) {
        scratch[at++] = tags.null
        return
      }
      return Array.isArray(value) ? writeList(value) : writeMap(value as Record<string, unknown>)
    default:
      throw new Error(`a ${typeof value} cannot be packed`)
  }
}

function writeNumber(value: number): void {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 48 && !Object.is(value, -0)) {
    if (value < firstTag) {
      scratch[at++] = value
      return
    }
    const bytes =
      value < 2 ** 8
        ? 1
        : value < 2 ** 16
          ? 2
          : value < 2 ** 24
            ? 3
            : value < 2 ** 32
              ? 4
              : value < 2 ** 40
                ? 5
                : 6
    scratch[at++] = tags.uint + bytes
    at = scratch.writeUIntBE(value, at, bytes)
    return
  }
  const scaled = Math.round(value * 1e7)
  if (scaled / 1e7 === value && Math.abs(scaled) < 2 ** 39 && !Object.is(value, -0)) {
    scratch[at++] = tags.decimal
    at = scratch.writeIntBE(scaled, at, 5)
    return
  }
  scratch[at++] = tags.double
  at = scratch.writeDoubleBE(value, at)
}

function writeText(value: string): void {
  const { length } = value
  if (length === 36 && writeUuid(value)) return
  if (length === 32 && writeHex16(value)) return
  const number = numbers.get(value)
  if (number !== undefined) {
    scratch[at++] = tags.word
    scratch[at++] = number
    return
  }
  room(length * 3 + 6)
  // The length is known only after the write. Write where a short text begins, and move the bytes
  // when the text is long.
  const bytes = scratch.write(value, at + 1, 'utf8')
  if (bytes < 32) {
    scratch[at] = tags.shortText + bytes
    at += bytes + 1
    return
  }
  scratch.copyWithin(at + 5, at + 1, at + 1 + bytes)
  scratch[at] = tags.text
  scratch.writeUInt32BE(bytes, at + 1)
  at += bytes + 5
}

function writeList(list: readonly unknown[]): void {
  writeLength(list.length, tags.shortList, tags.list)
  for (const one of list) write(one)
}

function writeMap(map: Record<string, unknown>): void {
  const names = Object.keys(map)
  let count = 0
  for (const name of names) if (map[name] !== undefined) count++
  writeLength(count, tags.shortMap, tags.map)
  for (const name of names) {
    const value = map[name]
    if (value === undefined) continue
    room(2)
    const number = numbers.get(name)
    if (number === undefined) {
      scratch[at++] = literalName
      writeText(name)
    } else scratch[at++] = number
    write(value)
  }
}

function writeLength(length: number, shortTag: number, longTag: number): void {
  if (length < 16) {
    scratch[at++] = shortTag + length
    return
  }
  scratch[at] = longTag
  at = scratch.writeUInt32BE(length, at + 1)
}

/**
 * Value of a hexadecimal digit by its character code; -1 for any other character. Only small
 * letters count, so that an id is unpacked unchanged.
 */
const digits = new Int8Array(0x1_0000).fill(-1)
for (let digit = 0; digit < 16; digit++) digits[digit.toString(16).charCodeAt(0)] = digit

/** The value of two digits; negative when one of them is not a digit. */
const byteOf = (text: string, from: number): number =>
  (digits[text.charCodeAt(from)]! << 4) | digits[text.charCodeAt(from + 1)]!
/** Negative when a character is not a digit. */
function bytesInto(to: number, text: string, from: number, count: number): number {
  let all = 0
  for (let i = 0; i < count; i++) all |= scratch[to + i] = byteOf(text, from + i * 2)
  return all
}
const lastFourOf = (text: string): number =>
  (byteOf(text, text.length - 8) << 24) |
  (byteOf(text, text.length - 6) << 16) |
  (byteOf(text, text.length - 4) << 8) |
  byteOf(text, text.length - 2)

/**
 * False for a text of 36 characters that is not an id in our spelling; the position then stays.
 */
function writeUuid(id: string): boolean {
  if (
    id.charCodeAt(8) !== 0x2d ||
    id.charCodeAt(13) !== 0x2d ||
    id.charCodeAt(18) !== 0x2d ||
    id.charCodeAt(23) !== 0x2d
  )
    return false
  const end = lastFourOf(id)
  for (let place = 0; place < seen.length; place++) {
    if (seenEnds[place] !== end || seen[place] !== id) continue
    scratch[at++] = tags.seen
    scratch[at++] = place
    return true
  }
  room(17)
  const to = at + 1
  const wrong =
    bytesInto(to, id, 0, 4) |
    bytesInto(to + 4, id, 9, 2) |
    bytesInto(to + 6, id, 14, 2) |
    bytesInto(to + 8, id, 19, 2) |
    bytesInto(to + 10, id, 24, 6)
  if (wrong < 0) return false
  if (seen.length < seenMax) {
    seenEnds[seen.length] = end
    seen.push(id)
  }
  scratch[at] = tags.uuid
  at += 17
  return true
}
function writeHex16(text: string): boolean {
  room(17)
  const wrong = bytesInto(at + 1, text, 0, 16)
  if (wrong < 0) return false
  scratch[at] = tags.hex16
  at += 17
  return true
}

let wordList = noWords.list
let bytes: Uint8Array = scratch
let view: DataView = new DataView(scratch.buffer)
let from = 0

/**
 * Unpacks a value. Throws when the bytes were not made by `pack` with the same words and the same
 * `self`.
 */
export function unpack(packed: Uint8Array, table = noWords, headBytes = 0, self = ''): unknown {
  wordList = table.list
  seen = [self]
  bytes = packed
  view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  from = headBytes
  const value = read()
  if (from !== packed.length) throw new Error('packed state has bytes left over')
  return value
}

function read(): unknown {
  const tag = bytes[from++]!
  if (tag < firstTag) return tag
  if (tag >= tags.shortMap) return readMap(tag - tags.shortMap)
  if (tag >= tags.shortList) return readList(tag - tags.shortList)
  if (tag >= tags.shortText) return readText(tag - tags.shortText)
  switch (tag) {
    case tags.null:
      return null
    case tags.true:
      return true
    case tags.false:
      return false
    case tags.double:
      from += 8
      return view.getFloat64(from - 8)
    case tags.decimal:
      from += 5
      return (view.getInt8(from - 5) * 2 ** 32 + view.getUint32(from - 4)) / 1e7
    case tags.uuid: {
      const id = `${hex(4)}-${hex(2)}-${hex(2)}-${hex(2)}-${hex(6)}`
      if (seen.length < seenMax) seen.push(id)
      return id
    }
    case tags.seen: {
      const id = seen[bytes[from++]!]
      if (!id) throw new Error('packed state refers to an id that is not there')
      return id
    }
    case tags.hex16:
      return hex(16)
    case tags.word:
      return wordAt(bytes[from++]!)
    case tags.text:
      return readText(readLength())
    case tags.list:
      return readList(readLength())
    case tags.map:
      return readMap(readLength())
    default: {
      const count = tag - tags.uint
      if (!(count >= 1 && count <= 6)) throw new Error(`packed state has no tag ${tag}`)
      let value = 0
      for (let i = 0; i < count; i++) value = value * 256 + bytes[from++]!
      return value
    }
  }
}

function readLength(): number {
  from += 4
  return view.getUint32(from - 4)
}

function readText(length: number): string {
  const end = from + length
  if (end > bytes.length) throw new Error('packed state ends early')
  // Texts are nearly always short and plain, and this loop is then faster than a call into the
  // runtime.
  let text = ''
  for (let i = from; i < end; i++) {
    const code = bytes[i]!
    if (code >= 0x80 || length > 24) {
      text = Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('utf8')
      break
    }
    text += String.fromCharCode(code)
  }
  from = end
  return text
}

function readList(length: number): unknown[] {
  const list: unknown[] = []
  for (let i = 0; i < length; i++) list.push(read())
  return list
}

function readMap(length: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (let i = 0; i < length; i++) {
    const number = bytes[from++]!
    map[number === literalName ? (read() as string) : wordAt(number)] = read()
  }
  return map
}

function wordAt(number: number): string {
  const word = wordList[number]
  if (word === undefined)
    throw new Error(`packed state has no word ${number}: it was written by a newer release`)
  return word
}

const hexByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
function hex(count: number): string {
  let out = ''
  for (let i = 0; i < count; i++) out += hexByte[bytes[from++]!]
  return out
}
