/**
 * Snapshots: a head of fixed places, then the packed state. The head says all that recovery must know
 * of an actor that nobody asks for, so that a million live orders come back without being unpacked.
 * Magic and version first, so that old bytes are refused by name and never misread.
 *
 * Version 1 was msgpack without a head; it is read, and never written.
 */
import { Unpackr } from 'msgpackr'
import type { ActorKind } from '../journal/journal.ts'
import { pack, unpack } from './packed.ts'

const magic = 0xca
const version = 2
/** Magic, version, flags, actor version, time of the last event, time of the next look. */
export const snapshotHeadBytes = 23
const flags = { attentive: 1, driver: 2 } as const
const neverMs = -1
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** `acceptedIds`: the command ids the actor remembers, oldest first. */
export interface SnapshotBody {
  state: unknown
  acceptedIds: string[]
  updatedAtMs: number
}

export interface SnapshotHead {
  kind: ActorKind
  /** Of the actor, that is the number of its events. */
  version: number
  updatedAtMs: number
  /** When to look again; null for never. */
  wakeAtMs: number | null
  /** Other parts of the engine keep something of it: they must see its state at recovery. */
  attentive: boolean
}

/** The bytes stay good until the next call: copy what is kept. The actor's id is left out of them: who has a snapshot knows whose it is. */
export function encodeSnapshot(
  actorId: string,
  body: SnapshotBody,
  head: Omit<SnapshotHead, 'updatedAtMs'>,
): Buffer {
  const bytes = pack([body.state, body.acceptedIds], snapshotHeadBytes, actorId)
  bytes[0] = magic
  bytes[1] = version
  bytes[2] = (head.attentive ? flags.attentive : 0) | (head.kind === 'driver' ? flags.driver : 0)
  bytes.writeUInt32BE(head.version, 3)
  bytes.writeDoubleBE(body.updatedAtMs, 7)
  bytes.writeDoubleBE(head.wakeAtMs ?? neverMs, 15)
  return bytes
}

/** Null for bytes of version 1, which have none. Throws when they are not a snapshot that this code reads. */
export function snapshotHead(bytes: Uint8Array): SnapshotHead | null {
  if (versionOf(bytes) === 1) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const wakeAtMs = view.getFloat64(15)
  return {
    kind: (bytes[2]! & flags.driver) === 0 ? 'order' : 'driver',
    attentive: (bytes[2]! & flags.attentive) !== 0,
    version: view.getUint32(3),
    updatedAtMs: view.getFloat64(7),
    wakeAtMs: wakeAtMs === neverMs ? null : wakeAtMs,
  }
}

/** Throws when the bytes are not a snapshot of that actor in a version this code reads. */
export function decodeSnapshot(actorId: string, bytes: Uint8Array): SnapshotBody {
  if (versionOf(bytes) === 1) {
    const body = unpackr.unpack(bytes.subarray(2)) as SnapshotBody
    return { ...body, state: current(body.state) }
  }
  const [state, acceptedIds] = unpack(bytes, snapshotHeadBytes, actorId) as [unknown, string[]]
  return { state: current(state), acceptedIds, updatedAtMs: snapshotHead(bytes)!.updatedAtMs }
}

/** Without what nobody reads any more: copied from state to state it would stay for as long as the driver does. */
function current(state: unknown): unknown {
  if (typeof state === 'object' && state !== null && 'recentOrderIds' in state)
    delete state.recentOrderIds
  return state
}

function versionOf(bytes: Uint8Array): number {
  if (bytes[0] !== magic) throw new Error('not a snapshot')
  if (bytes[1] !== version && bytes[1] !== 1)
    throw new Error(`snapshot version ${bytes[1]}, this code reads up to ${version}`)
  return bytes[1]
}
