/**
 * Snapshots: a head with fixed places, then the packed state. The head has everything that recovery
 * must know of an actor before a command comes, so a million live orders are recovered without
 * being unpacked. Magic and version come first, so that old bytes are refused by name and never
 * misread.
 *
 * Version 1 was msgpack without a head. Version 2 had one bit for the kind, and one table of words
 * for all kinds. Both are read and never written.
 */
import { Unpackr } from 'msgpackr'
import type { AnyKind } from './kind.ts'
import { pack, unpack } from './packed.ts'
import { wordsOfVersion2 } from './packed-words-2.ts'

const magic = 0xca
const version = 3
/**
 * Magic, version, flags, actor version, time of the last event, time of the next look, kind.
 * Version 2 ends before the kind.
 */
export const snapshotHeadBytes = 24
const headBytesOfVersion2 = 23
/** `kindOfVersion2`: number of the kind, 0 or 1. */
const flags = { attentive: 1, kindOfVersion2: 2 } as const
const neverMs = -1
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** `acceptedIds`: the command ids that the actor remembers, oldest first. */
export interface SnapshotBody {
  state: unknown
  acceptedIds: string[]
  updatedAtMs: number
}

export interface SnapshotHead {
  /** Number of the actor's kind. */
  kindByte: number
  /** Number of the actor's events. */
  version: number
  updatedAtMs: number
  /** Time of the next look, ms since the epoch; null for never. */
  wakeAtMs: number | null
  /** Other parts of the engine keep something of the actor: they must see its state at recovery. */
  attentive: boolean
}

/**
 * The bytes are valid until the next call; copy them to keep them. They leave the actor's id out,
 * because a reader of a snapshot knows it.
 */
export function encodeSnapshot(
  actorId: string,
  body: SnapshotBody,
  kind: AnyKind,
  head: Omit<SnapshotHead, 'updatedAtMs' | 'kindByte'>,
): Buffer {
  const bytes = pack([body.state, body.acceptedIds], kind.words, snapshotHeadBytes, actorId)
  bytes[0] = magic
  bytes[1] = version
  bytes[2] = head.attentive ? flags.attentive : 0
  bytes.writeUInt32BE(head.version, 3)
  bytes.writeDoubleBE(body.updatedAtMs, 7)
  bytes.writeDoubleBE(head.wakeAtMs ?? neverMs, 15)
  bytes[23] = kind.byte
  return bytes
}

/** Null for bytes of version 1, which have no head. Throws when this code cannot read the bytes. */
export function snapshotHead(bytes: Uint8Array): SnapshotHead | null {
  const written = versionOf(bytes)
  if (written === 1) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const wakeAtMs = view.getFloat64(15)
  return {
    kindByte: written === 2 ? Number((bytes[2]! & flags.kindOfVersion2) !== 0) : bytes[23]!,
    attentive: (bytes[2]! & flags.attentive) !== 0,
    version: view.getUint32(3),
    updatedAtMs: view.getFloat64(7),
    wakeAtMs: wakeAtMs === neverMs ? null : wakeAtMs,
  }
}

/** Throws when the bytes are not a snapshot of this actor in a version that this code reads. */
export function decodeSnapshot(actorId: string, bytes: Uint8Array, kind: AnyKind): SnapshotBody {
  const written = versionOf(bytes)
  const today = (state: unknown): unknown =>
    kind.restored === undefined ? state : kind.restored(state)
  if (written === 1) {
    const body = unpackr.unpack(bytes.subarray(2)) as SnapshotBody
    return { ...body, state: today(body.state) }
  }
  const [state, acceptedIds] = (
    written === 2
      ? unpack(bytes, wordsOfVersion2, headBytesOfVersion2, actorId)
      : unpack(bytes, kind.words, snapshotHeadBytes, actorId)
  ) as [unknown, string[]]
  return { state: today(state), acceptedIds, updatedAtMs: snapshotHead(bytes)!.updatedAtMs }
}

function versionOf(bytes: Uint8Array): number {
  if (bytes[0] !== magic) throw new Error('not a snapshot')
  const written = bytes[1]!
  if (written < 1 || written > version)
    throw new Error(`snapshot version ${written}, this code reads up to ${version}`)
  return written
}
