/**
 * HEIC (ISO 23008-12), as phones take photos: its boxes give the shape, and everything that the
 * picture does not need is overwritten with zeros. Places inside of the file are given as numbers,
 * so nothing is moved; the picture itself does not change by a bit.
 *
 * The bytes of pictures and of their tiles are kept, and all others go: Exif, XMP, and films that a
 * phone hides behind a photo. Rejected: a list of what to remove, which is never complete.
 */
import { boxes, inside, isIsoMedia, textAt, type Box } from './boxes.ts'
import { Largest, view, type ImageShape } from './bytes.ts'

const heicBrands = new Set(['heic', 'heix', 'heim', 'heis'])
/** Items that are pictures, or how a picture is made of others. */
const pictures = new Set(['hvc1', 'grid', 'iovl', 'iden'])
const kept = new Set(['ftyp', 'meta', 'mdat'])

/** Recognises a HEIC by its first box. A picture of another codec has other brands. */
export function isHeic(data: Uint8Array): boolean {
  if (!isIsoMedia(data)) return false
  const brand = textAt(data, 8, 4)
  if (brand !== 'mif1') return heicBrands.has(brand)
  const end = Math.min(view(data).getUint32(0), 256)
  for (let at = 16; at + 4 <= end; at += 4) if (heicBrands.has(textAt(data, at, 4))) return true
  return false
}

/** Reads the boxes. A film is refused, and so is a file without its picture. */
export function readHeic(data: Uint8Array): ImageShape | null {
  const top = [...boxes(data, 0, data.length)]
  const metas = top.filter(box => box.type === 'meta')
  if (metas.length !== 1 || top.some(box => box.type === 'moov' || box.type === 'moof')) return null
  const largest = new Largest()
  for (const properties of inside(data, metas[0]!, 'iprp', 4))
    for (const container of inside(data, properties, 'ipco'))
      for (const size of inside(data, container, 'ispe')) {
        if (size.to - size.from < 12) return null
        largest.add(view(data).getUint32(size.from + 4), view(data).getUint32(size.from + 8))
      }
  const end = top.at(-1)!.to
  const extents = picturesOf(data.subarray(0, end), metas[0]!)
  return extents === null || extents.length === 0 ? null : largest.at(end)
}

/** Removes metadata. `readHeic` accepted `data`, which ends where the image ends. */
export function strippedHeic(data: Uint8Array): Uint8Array {
  const clean = data.slice()
  const blank = (box: Box): void => {
    clean.fill(0, box.from, box.to)
  }
  for (const box of boxes(data, 0, data.length)) {
    if (box.type === 'mdat') blank(box)
    else if (box.type === 'meta') {
      for (const part of boxes(data, box.from + 4, box.to))
        if (part.type === 'idat' || part.type === 'uuid' || part.type === 'free') blank(part)
    } else if (!kept.has(box.type)) {
      clean.set(Buffer.from('free'), box.at + 4)
      blank(box)
    }
  }
  const meta = [...boxes(data, 0, data.length)].find(box => box.type === 'meta')!
  for (const { from, to } of picturesOf(data, meta)!) clean.set(data.subarray(from, to), from)
  return clean
}

interface Extent {
  from: number
  to: number
}

/** Reads numbers one after the other; `ok` is false after a read beyond the end. */
class Numbers {
  ok = true
  readonly #bytes: DataView
  readonly #to: number
  #at: number
  constructor(data: Uint8Array, from: number, to: number) {
    this.#bytes = view(data)
    this.#at = from
    this.#to = to
  }
  /** A number of 0 to 8 bytes. */
  next(size: number): number {
    if (this.#at + size > this.#to) this.ok = false
    if (!this.ok) return 0
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.#bytes.getUint8(this.#at++)
    return value
  }
}

/**
 * The bytes of the pictures; null for a file that contradicts itself. No byte belongs to two
 * pictures, so a crafted list cannot make the work grow with its square.
 */
function picturesOf(data: Uint8Array, meta: Box): Extent[] | null {
  const part = (type: string): Box | undefined => inside(data, meta, type, 4).at(0)
  const [info, places, own] = [part('iinf'), part('iloc'), part('idat')]
  if (info === undefined || places === undefined) return null
  const types = typesOf(data, info)
  const numbers = new Numbers(data, places.from, places.to)
  const version = numbers.next(1)
  numbers.next(3)
  const sizes = numbers.next(2)
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version === 0 ? 0 : sizes & 15
  if (version > 2 || Math.max(offsetSize, lengthSize, baseSize, indexSize) > 8) return null
  const extents: Extent[] = []
  let total = 0
  const items = numbers.next(version < 2 ? 2 : 4)
  for (let i = 0; i < items && numbers.ok; i++) {
    const type = types.get(numbers.next(version < 2 ? 2 : 4))
    const method = version === 0 ? 0 : numbers.next(2) & 15
    numbers.next(2)
    const base = numbers.next(baseSize)
    const count = numbers.next(2)
    for (let j = 0; j < count && numbers.ok; j++) {
      numbers.next(indexSize)
      const offset = base + numbers.next(offsetSize)
      const length = numbers.next(lengthSize)
      if (type === undefined || !pictures.has(type)) continue
      if (method > 1 || (method === 1 && own === undefined)) return null
      const from = (method === 1 ? own!.from : 0) + offset
      total += length
      if (length === 0 || from + length > (method === 1 ? own!.to : data.length)) return null
      if (total > data.length) return null
      extents.push({ from, to: from + length })
    }
  }
  return numbers.ok ? extents : null
}

/** The types of the items by their numbers. */
function typesOf(data: Uint8Array, info: Box): Map<number, string> {
  const types = new Map<number, string>()
  for (const entry of inside(data, info, 'infe', data[info.from] === 0 ? 6 : 8)) {
    const numbers = new Numbers(data, entry.from, entry.to)
    const version = numbers.next(1)
    numbers.next(3)
    const id = numbers.next(version === 2 ? 2 : 4)
    numbers.next(2)
    if (version >= 2 && numbers.ok)
      types.set(id, textAt(data, entry.from + (version === 2 ? 8 : 10), 4))
  }
  return types
}
