/**
 * Skips a msgpack value of any type without reading it, because the bytes after an untrusted value
 * may be good.
 */

/**
 * Offset after the msgpack value at `position`; -1 when the bytes end first or contain the one type
 * byte that msgpack never uses. Nesting is a count of values still to come, not a stack. Every such
 * value takes a byte, so a count above the bytes left is false.
 */
export function skipValue(view: DataView, position: number, end: number): number {
  let offset = position
  let owed = 1
  while (owed > 0) {
    if (owed > end - offset) return -1
    owed--
    const type = view.getUint8(offset++)
    if (type <= 0x7f || type >= 0xe0 || type === 0xc0 || type === 0xc2 || type === 0xc3) continue
    if (type === 0xc1) return -1
    if (type <= 0x8f) owed += (type & 0x0f) * 2
    else if (type <= 0x9f) owed += type & 0x0f
    else if (type <= 0xbf) offset += type & 0x1f
    else if (type >= 0xca && type <= 0xd3) offset += scalarWidths[type - 0xca]!
    else if (type >= 0xd4 && type <= 0xd8) offset += 1 + (1 << (type - 0xd4))
    else {
      const width = lengthWidths[type - 0xc4]!
      if (offset + width > end) return -1
      let length = 0
      for (let index = 0; index < width; index++) length = length * 256 + view.getUint8(offset++)
      if (type >= 0xde) owed += length * 2
      else if (type >= 0xdc) owed += length
      else offset += length + (type >= 0xc7 && type <= 0xc9 ? 1 : 0)
    }
  }
  return offset <= end ? offset : -1
}

/** Bytes of float32, float64, uint8 to uint64, int8 to int64. */
const scalarWidths = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]
/** Bytes of the length after each type from 0xc4: bin and ext, then str, array and map. */
const lengthWidths = [
  1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
]
