/**
 * Short sounds by their structure: MP3, Ogg, WebM, WAV and M4A, as phones and browsers record them.
 * A container with a film is refused, because a film is not a spoken message.
 *
 * Each reader returns the number of bytes of the sound, or null for another file. Readers only go
 * forward, by at least one byte a step, so a crafted length cannot make them loop.
 */

import { boxes, inside, textAt } from './formats/boxes.ts'
import { view } from './formats/bytes.ts'

/** Recognises a WAV by the head of its RIFF. */
export const isWav = (data: Uint8Array): boolean =>
  textAt(data, 0, 4) === 'RIFF' && textAt(data, 8, 4) === 'WAVE'

/**
 * A recorder that streams leaves the sizes at zero or at their maximum; then the sound reaches to
 * the end of the file.
 */
export function readWav(data: Uint8Array): number | null {
  const bytes = view(data)
  const declared = 8 + bytes.getUint32(4, true)
  const end = declared <= 8 || declared > data.length ? data.length : declared
  let format = false
  for (let at = 12; at + 8 <= end;) {
    const name = textAt(data, at, 4)
    const length = bytes.getUint32(at + 4, true)
    if (name === 'data') return format ? end : null
    if (name === 'fmt ' && length >= 16) format = true
    at += 8 + length + (length & 1)
  }
  return null
}

/** Recognises an Ogg by the head of its first page. */
export const isOgg = (data: Uint8Array): boolean => textAt(data, 0, 4) === 'OggS'
const oggSounds = ['OpusHead', '\x01vorbis', 'Speex   ', '\x7fFLAC']

/**
 * Reads the pages. The first page of each stream names its content, and every stream must be sound.
 */
export function readOgg(data: Uint8Array): number | null {
  let at = 0
  while (textAt(data, at, 4) === 'OggS' && data[at + 4] === 0) {
    const segments = data[at + 26]
    if (segments === undefined) break
    const body = at + 27 + segments
    let length = 0
    for (let i = at + 27; i < body; i++) length += data[i] ?? 0
    if (body + length > data.length) break
    const firstOfStream = (data[at + 5]! & 2) !== 0
    if (at === 0 && !firstOfStream) return null
    if (firstOfStream && !oggSounds.some(start => textAt(data, body, start.length) === start))
      return null
    at = body + length
  }
  return at > 0 ? at : null
}

/** Recognises an MP3 by its ID3 tag or its first frame. */
export const isMp3 = (data: Uint8Array): boolean =>
  textAt(data, 0, 3) === 'ID3' || frameBytes(data, 0) !== null

/** One sync word occurs by chance in every large file; three adjacent frames do not. */
const framesMin = 3
const bitratesKbps = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const
const sampleRates = [44_100, 48_000, 32_000] as const

/** Reads the tag and the first frames; the sound reaches to the end of the file. */
export function readMp3(data: Uint8Array): number | null {
  let at = 0
  if (textAt(data, 0, 3) === 'ID3') {
    const size = data.subarray(6, 10)
    if (size.length < 4 || size.some(byte => byte > 0x7f)) return null
    at = 10 + size.reduce((sum, byte) => sum * 128 + byte, 0) + ((data[5]! & 0x10) === 0 ? 0 : 10)
    // Encoders pad the tag with zeros beyond its size.
    while (data[at] === 0) at++
  }
  for (let frames = 0; frames < framesMin; frames++) {
    const length = frameBytes(data, at)
    if (length === null) return null
    at += length
  }
  return data.length
}

/** Length of the Layer III frame that begins here; null when none does. */
function frameBytes(data: Uint8Array, at: number): number | null {
  if (data[at] !== 0xff || (data[at + 1]! & 0xe0) !== 0xe0) return null
  const version = (data[at + 1]! >> 3) & 3
  const layer = (data[at + 1]! >> 1) & 3
  const bitrate = data[at + 2]! >> 4
  const rate = (data[at + 2]! >> 2) & 3
  if (version === 1 || layer !== 1 || bitrate === 0 || bitrate === 15 || rate === 3) return null
  const first = version === 3
  const hz = sampleRates[rate as 0 | 1 | 2] / (first ? 1 : version === 2 ? 2 : 4)
  const padding = (data[at + 2]! >> 1) & 1
  return (
    Math.floor(((first ? 144_000 : 72_000) * bitratesKbps[first ? 1 : 2][bitrate]!) / hz) + padding
  )
}

/** Recognises an EBML file, which may be a WebM. */
export const isWebm = (data: Uint8Array): boolean =>
  data[0] === 0x1a && data[1] === 0x45 && data[2] === 0xdf && data[3] === 0xa3
const ebml = {
  header: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  track: 0xae,
  trackType: 0x83,
  cluster: 0x1f43b675,
} as const
const soundTrack = 2

interface Element {
  id: number
  from: number
  to: number
}

/**
 * The elements between two offsets. An element whose size a streaming recorder left open reaches to
 * `to`.
 */
function* elements(data: Uint8Array, from: number, to: number): Generator<Element> {
  for (let at = from; at < to;) {
    const idBytes = Math.clz32(data[at]!) - 23
    const sizeAt = at + idBytes
    if (idBytes > 4 || sizeAt >= to) return
    const sizeBytes = Math.clz32(data[sizeAt]!) - 23
    const body = sizeAt + sizeBytes
    if (sizeBytes > 8 || body > to) return
    let id = 0
    for (let i = at; i < sizeAt; i++) id = id * 256 + data[i]!
    let size = data[sizeAt]! & (0xff >> sizeBytes)
    let open = size === 0xff >> sizeBytes
    for (let i = sizeAt + 1; i < body; i++) {
      size = size * 256 + data[i]!
      open &&= data[i] === 0xff
    }
    const end = open ? to : Math.min(to, body + size)
    yield { id, from: body, to: end }
    at = end
  }
}

/** Reads the header and the tracks, all of which must be sound; the sound reaches to the end. */
export function readWebm(data: Uint8Array): number | null {
  let webm = false
  for (const top of elements(data, 0, data.length)) {
    if (top.id === ebml.header) {
      for (const field of elements(data, top.from, top.to))
        if (field.id === ebml.docType && namesWebm(data, field)) webm = true
    } else if (top.id === ebml.segment && webm)
      return tracksAreSound(data, top) ? data.length : null
  }
  return null
}

/** The name may be padded with zeros. */
function namesWebm(data: Uint8Array, { from, to }: Element): boolean {
  if (to - from < 4 || textAt(data, from, 4) !== 'webm') return false
  for (let at = from + 4; at < to; at++) if (data[at] !== 0) return false
  return true
}

function tracksAreSound(data: Uint8Array, segment: Element): boolean {
  let sounds = 0
  for (const part of elements(data, segment.from, segment.to)) {
    // The sound data begins here, and the tracks come before it.
    if (part.id === ebml.cluster) break
    if (part.id !== ebml.tracks) continue
    for (const track of elements(data, part.from, part.to)) {
      if (track.id !== ebml.track) continue
      const type = [...elements(data, track.from, track.to)].find(
        field => field.id === ebml.trackType,
      )
      if (type === undefined || data[type.from] !== soundTrack) return false
      sounds++
    }
  }
  return sounds > 0
}

/** An M4A is an MP4 whose tracks are all sound, whatever brand its first box names. */
export function readM4a(data: Uint8Array): number | null {
  let end = 0
  let sounds = 0
  for (const box of boxes(data, 0, data.length)) {
    end = box.to
    if (box.type !== 'moov') continue
    for (const track of inside(data, box, 'trak')) {
      const handler = inside(data, track, 'mdia')
        .flatMap(media => inside(data, media, 'hdlr'))
        .at(0)
      if (handler === undefined || textAt(data, handler.from + 8, 4) !== 'soun') return null
      sounds++
    }
  }
  return sounds > 0 ? end : null
}
