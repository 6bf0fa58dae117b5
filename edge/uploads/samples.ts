/**
 * Small files for tests. A browser's canvas and recorder made the images and recordings, because
 * files that we composed ourselves would only show that we agree with ourselves. The rest follows
 * the documents of their formats.
 */
import { deflateSync } from 'node:zlib'

const decoded = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** Pictures of 24 by 16 pixels. */
export const jpeg = decoded(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAQABgDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIF/8QAGBAAAgMAAAAAAAAAAAAAAAAAAAIREiH/xAAXAQADAQAAAAAAAAAAAAAAAAACAwQF/8QAIBEAAQEIAwAAAAAAAAAAAAAAAFERExQjJDFigWOR8P/aAAwDAQACEQMRAD8AymasYFa04GW0aFWs6HNe46QnoIDm2vVvNKAA8yT/2Q==',
)
export const png = decoded(
  'iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAYAAAAMJL+VAAAASElEQVR4AeyTMQoAMAgDU1+en9vODooUHUQhgxAwOVBAaqUExTPwgJLwlCU6EFEWQeRfRBEh9CM67w88hZGNob+BCfC9lje4AAAA//961QT0AAAABklEQVQDAIFVSAnIjCvCAAAAAElFTkSuQmCC',
)
export const webp = decoded(
  'UklGRlwCAABXRUJQVlA4WAoAAAAgAAAAFwAADwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDggbgAAAJAFAJ0BKhgAEAA+0VSjS6gkoyGwCAEAGglqAJ0ygwQHUA2gC5//QA/wG9AftV8IHkAAmeAAAP7o5i1ENxwoahYga2lp+NBKr5f7DByFt2OasD2vNsNtIYZNK2NIliE1rHMVxDUFuSEQh/kSMgAA',
)
/** As a phone takes it, with the position of its home: a tile of HEVC, in a grid, with Exif. */
export const heic = decoded(
  'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAA7ZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAACAAAAEGlkYXQAAAAAABgAEAAAAExpbG9jAQAAAERAAAMAAQAAAAAAAAPaAAEAAAAAAAAASwACAAEAAAAAAAAAAQAAAAAAAAAIAAMAAAAAAAAEJQABAAAAAAAAADIAAABNaWluZgAAAAAAAwAAABVpbmZlAgAAAQABAABodmMxAAAAABVpbmZlAgAAAAACAABncmlkAAAAABVpbmZlAgAAAQADAABFeGlmAAAAAqppcHJwAAACh2lwY28AAABzaHZjQwEDcAAAAAAAAAAAAB7wAPz9+PgAAA8DIAABABhAAQwB//8DcAAAAwCQAAADAAADAB66AkAhAAEAJ0IBAQNwAAADAJAAAAMAAAMAHqAggQWW6q6a5sCAAAADAIAAAAMAhCIAAQAGRAHBc8GJAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAUaXNwZQAAAAAAAAAYAAAAEAAAAdRjb2xycHJvZgAAAcgAAAAABDAAAG1udHJSR0IgWFlaIAfgAAEAAQAAAAAAAGFjc3AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAD21gABAAAAANMtAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACWRlc2MAAADwAAAAJHJYWVoAAAEUAAAAFGdYWVoAAAEoAAAAFGJYWVoAAAE8AAAAFHd0cHQAAAFQAAAAFHJUUkMAAAFkAAAAKGdUUkMAAAFkAAAAKGJUUkMAAAFkAAAAKGNwcnQAAAGMAAAAPG1sdWMAAAAAAAAAAQAAAAxlblVTAAAACAAAABwAcwBSAEcAQlhZWiAAAAAAAABvogAAOPUAAAOQWFlaIAAAAAAAAGKZAAC3hQAAGNpYWVogAAAAAAAAJKAAAA+EAAC2z1hZWiAAAAAAAAD21gABAAAAANMtcGFyYQAAAAAABAAAAAJmZgAA8qcAAA1ZAAAT0AAAClsAAAAAAAAAAG1sdWMAAAAAAAAAAQAAAAxlblVTAAAAIAAAABwARwBvAG8AZwBsAGUAIABJAG4AYwAuACAAMgAwADEANgAAABBwaXhpAAAAAAMICAgAAAAbaXBtYQAAAAAAAAACAAECgQIAAgMDhIUAAAAoaXJlZgAAAAAAAAAOZGltZwACAAEAAQAAAA5jZHNjAAMAAQACAAAAhW1kYXQAAABHKAGvGSGlOEjvXhIzG9LX4K0h1EEZVQdf16Ebo/17TOJaltNqDWZasYyrjShU5bMI16OJVTrFtvOfTsSQMrGmewLEsE6xxMAAAAAASUkqAAgAAAABAA4BAgAUAAAAGgAAAAAAAABOIDI3LjcxNzIgRSA4NS4zMjQwAA==',
)
/** A third of a second of Opus. */
export const webm = decoded(
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAImEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgddNu4xTq4QcU7trU6yCAhTsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDbxlYTYCGQ2hyb21lV0GGQ2hyb21lFlSua7+uvdeBAXPFhyGyTlC58j2DgQKGhkFfT1BVU2Oik09wdXNIZWFkAQIAAIC7AAAAAADhjbWERzuAAJ+BAmJkgSAfQ7Z1AQAAAAAAATHngQCjxoEAAIAY4XYBkEyXfnRMlK6ONpXPN7J9RYaWpslL7ojbfXxlzro7vRgAnKO9AmbtrqetHUht40SdrojPpPV+WjRV6dVaVoCjt4EAO4AY7Ul2YdFyTGJ+XcMs5EKZh+vvGl1YQlux2wvzkZm8BRI9Gm72FQADgUU81ktKKcH1ugejt4EAeIAY7X3NuJ6RrG8W7ORQLVS5kuD+mPK1dNiTquCodbdJyom0k1Cco3lwbzZoY2uwYHHgCtyjt4EAtIAY7YFQRTTy+i2P4BKUfe2Mz5FDny8X1d08hr1hlIVn/WY1Yx7btO2tScr9vQfGIEbpUICjuYEA74AY7YFQRTTy+m01nQE6WG63usx8rJSVfcbYK69YmeL8mCGg9ju0kslO2DXaZQZAaJmuE+H2gBxTu2uNu4uzgQC3hveBAfGB1w==',
)
export const m4a = decoded(
  'AAAAJGZ0eXBpc29tAAACAGlzb21pc282aXNvMnZwMDltcDQxAAACXW1vb3YAAAB4bXZoZAEAAAAAAAAA5yYtTQAAAADnJi1NAAAD6AAAAAAAAAEEAAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAG1dHJhawAAAGh0a2hkAQAAAwAAAADnJi1NAAAAAOcmLU0AAAABAAAAAAAAAAAAAAEEAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABRW1kaWEAAAAsbWRoZAEAAAAAAAAA5yYtTQAAAADnJi1NAAC7gAAAAAAAAAEEVcQAAAAAAC1oZGxyAAAAAAAAAABzb3VuAAAAAAAAAAAAAAAAU291bmRIYW5kbGVyAAAAAORtaW5mAAAAEHNtaGQAAAAAAAAAAAAAACVkaW5mAAAAHWRyZWYAAAAAAAAAAQAAAA11cmwgAAAAAQAAAACnc3RibAAAABBzdHNjAAAAAAAAAAAAAAAQc3R0cwAAAAAAAAAAAAAAFHN0c3oAAAAAAAAAAAAAAAAAAAAQc3RjbwAAAAAAAAAAAAAAW3N0c2QAAAAAAAAAAQAAAEtPcHVzAAAAAAAAAAEAAAAAAAAAAAACABAAAAAAu4AAAAAAABRidHJ0AAAAAAAAAAAAAAAAAAAAE2RPcHMAAg8AAAC7gAAAAAAAAChtdmV4AAAAIHRyZXgAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAACEbW9vZgAAABBtZmhkAAAAAAAAAAEAAABsdHJhZgAAABR0ZmhkAAIAIAAAAAECAAAAAAAAFHRmZHQBAAAAAAAAAAAAAAAAAAA8dHJ1bgEAAwEAAAAFAAAAjAAACxAAAAAyAAAM8AAAADYAAAm+AAAALQAACxMAAAAzAAAD8AAAAC4AAAD+bWRhdBjhU59JgT00Jk/RhnZKwoYMN04N9MttWYqN9hSH8ennCzbWY7roKqIML5ermYrGyDSEGO2BUEU08vovLtQ3+UrI9X+hFvYEPNnSNC+0ghiLb/ePdZvX98OKNw1IVUdyESCxawsfR2hSGO2BUEU08voxzIQoNJHvZ5w8s/YYT4X8qiMNzIRI3Q1UMHne7NuTx7KS9olgGO2BUEU02n0/8ajSD3i2rE36PueN0tHmIjPXdIEL7hyDKeBd73C/XGbJMBDuyLtVBCnAGO19zbieka1ZI1LGIm81YILePuILBYC09EnOy9kSfYu7d7+vdXN2hqRjvCgpvg==',
)
/** The same container with a film in it. */
export const film = decoded(
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAMFEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7trU6yCAvPsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDfCRaTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFhyGyTlC58j2DgQFV7oEBhoVWX1ZQOOCdsIEYuoEQU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAAAhPngQCgQPKhQMWBAAAA8AUAnQEqGAAQAAAHCIWFiJmEiAEkEA7ANEB/gP4QbgD+EF7gegD/Ad4B/gPUAlIA3WqPPZ7ApzcA/v+B/3/6Kvx/f/KvzWJMWYMc/+7R4LTwvQXed3uuF/PQv/X/+qJEF5WkZf38YCQjHxLs01TFFBm9TA1McJzCwTZqxsOH/ulKi//mie8/zRf++pdt+ka56N3OPBtT/xyLnUdEcwJrQvLxQR/8cirZt5kOfEow9HhQ/xB66WttfKCFGjKRHnngAHWhp6al7oEBpaAwAgCdASoYABAAAAcIhYWImYSIASQQAEiPXAD+/7qDAKBAmaH4gQB7APECAAAQCSAAwIMB/gP2A2XxX+JeAyc2AICA/oP4J2//6dn0D5YwbhZh9o///k2/+Tb9gH4a/9APzoX+d5/s3w7wn7L62Mf+KE+n/8KniTI//dL//rka3u/+bZaf5uP/X0QLYxsqvekwkiGVAAAafgkAACoAdaGZppfugQGlktEBAAAQCSAAwADCwX+gAEIAAPuBAKD9odyBAPwAkQIAABAJIADGYA/xD/VgBbQHjhwBIQD9rqT3nzc4Jbf+gBT/4bcnEvj/7SRB/nuM68uP6H0n3B+f5r/I4UIs/fER1faqPgKHb/8lX/7Lb/aHo4lV2RgAAHWhmaaX7oEBpZLRAQAAEAkgAMAAwsF/oABCAAD7gXscU7trjbuLs4EAt4b3gQHxgdQ=',
)

const joined = (...parts: (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    ),
  )
const uint32 = (n: number, littleEndian = false): Uint8Array => {
  const bytes = Buffer.alloc(4)
  if (littleEndian) bytes.writeUInt32LE(n)
  else bytes.writeUInt32BE(n)
  return bytes
}

/** A tenth of a second of silence: 8 kHz, 8 bits, one channel. */
export const wav = ((): Uint8Array => {
  const samples = new Uint8Array(800).fill(0x80)
  const format = joined(
    'fmt ',
    uint32(16, true),
    Uint8Array.of(1, 0, 1, 0),
    uint32(8_000, true),
    uint32(8_000, true),
    Uint8Array.of(1, 0, 8, 0),
  )
  return joined(
    'RIFF',
    uint32(4 + format.length + 8 + samples.length, true),
    'WAVE',
    format,
    'data',
    uint32(samples.length, true),
    samples,
  )
})()

/** A page whose body is one packet. */
const oggPage = (flags: number, sequence: number, body: Uint8Array): Uint8Array =>
  joined(
    'OggS',
    Uint8Array.of(0, flags),
    new Uint8Array(8),
    uint32(1, true),
    uint32(sequence, true),
    uint32(0),
    Uint8Array.of(1, body.length),
    body,
  )
export const ogg = joined(
  oggPage(2, 0, joined('OpusHead', Uint8Array.of(1, 1), new Uint8Array(9))),
  oggPage(0, 1, joined('OpusTags', new Uint8Array(8))),
  oggPage(4, 2, new Uint8Array(40)),
)
export const theora = oggPage(2, 0, joined('\x80theora', new Uint8Array(35)))

/** Silence: MPEG 1 Layer III, 128 kbit/s at 44.1 kHz, 417 bytes a frame. */
const mp3Frame = joined(Uint8Array.of(0xff, 0xfb, 0x90, 0x00), new Uint8Array(413))
export const mp3 = joined(
  'ID3\x04\x00\x00',
  Uint8Array.of(0, 0, 0, 12),
  new Uint8Array(12),
  mp3Frame,
  mp3Frame,
  mp3Frame,
  mp3Frame,
)

export const pdf = joined(
  '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
)

/** A document of Word: an archive whose directory names these parts. They are empty. */
export function docxOf(names: readonly string[]): Uint8Array {
  const uint16 = (n: number): Uint8Array => Uint8Array.of(n & 0xff, n >> 8)
  const entries = names.map(name => joined(uint16(name.length), uint16(0), name))
  let at = 0
  const places = entries.map(entry => {
    at += 26 + entry.length
    return at - 26 - entry.length
  })
  const files = entries.map(entry => joined('PK\x03\x04', new Uint8Array(22), entry))
  const directory = joined(
    ...names.map((name, i) =>
      joined(
        'PK\x01\x02',
        new Uint8Array(24),
        uint16(name.length),
        new Uint8Array(12),
        uint32(places[i]!, true),
        name,
      ),
    ),
  )
  return joined(
    ...files,
    directory,
    'PK\x05\x06',
    new Uint8Array(4),
    uint16(names.length),
    uint16(names.length),
    uint32(directory.length, true),
    uint32(at, true),
    uint16(0),
  )
}
export const docx = docxOf(['[Content_Types].xml', 'word/document.xml'])
/** The head of a compound file of version 3, and the name of the stream of Word. */
export const doc = joined(
  Buffer.from('d0cf11e0a1b11ae1', 'hex'),
  new Uint8Array(16),
  Uint8Array.of(0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0),
  new Uint8Array(990),
  Buffer.from('WordDocument', 'utf16le'),
  new Uint8Array(600),
)
export const txt = joined('The licence of the pharmacy\r\n')

/**
 * A valid PNG whose header names any size. Its pixels are zeros, which deflate shrinks a
 * thousandfold.
 */
export function pngOf(width: number, height: number, pixelBytes = 100): Uint8Array {
  const chunk = (name: string, body: Uint8Array) =>
    joined(uint32(body.length), name, body, uint32(0))
  return joined(
    Uint8Array.of(0x89),
    'PNG\r\n\x1a\n',
    chunk('IHDR', joined(uint32(width), uint32(height), Uint8Array.of(8, 6, 0, 0, 0))),
    chunk('IDAT', deflateSync(new Uint8Array(pixelBytes))),
    chunk('IEND', new Uint8Array()),
  )
}

/** The JPEG with other dimensions in its frame header. */
export function jpegOf(width: number, height: number): Uint8Array {
  const copy = Buffer.from(jpeg)
  const frame = copy.findIndex(
    (byte, i) => byte === 0xff && (copy[i + 1] === 0xc0 || copy[i + 1] === 0xc2),
  )
  copy.writeUInt16BE(height, frame + 5)
  copy.writeUInt16BE(width, frame + 7)
  return new Uint8Array(copy)
}

/** A WebP whose canvas names any size, around the picture of `webp`. */
export function webpOf(width: number, height: number): Uint8Array {
  const canvas = Buffer.alloc(10)
  canvas.writeUIntLE(width - 1, 4, 3)
  canvas.writeUIntLE(height - 1, 7, 3)
  const body = joined('WEBP', 'VP8X', uint32(10, true), canvas, webp.subarray(12))
  return joined('RIFF', uint32(body.length, true), body)
}
