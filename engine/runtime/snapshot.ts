/** Snapshots: msgpack behind a magic byte and a version, so that old bytes are refused by name and never misread. */
import { Packr, Unpackr } from 'msgpackr'

const magic = 0xca
const version = 1
const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** `acceptedIds`: the command ids the actor remembers, oldest first. */
export interface SnapshotBody { state: unknown; acceptedIds: string[]; updatedAtMs: number }

export function encodeSnapshot(body: SnapshotBody): Uint8Array {
  const packed = packr.pack(body)
  const bytes = new Uint8Array(packed.length + 2)
  bytes[0] = magic
  bytes[1] = version
  bytes.set(packed, 2)
  return bytes
}

/** Throws when the bytes are not a snapshot of a version this code reads. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotBody {
  if (bytes[0] !== magic) throw new Error('not a snapshot')
  if (bytes[1] !== version) throw new Error(`snapshot version ${bytes[1]}, this code reads ${version}`)
  return unpackr.unpack(bytes.subarray(2)) as SnapshotBody
}
