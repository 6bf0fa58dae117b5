/** Rebuilds the state of an actor from a snapshot and the events after it. */
import type { StoredEvent } from '../journal/journal.ts'
import type { Cell } from './cell.ts'
import { decodeSnapshot } from './snapshot.ts'

/** The cell with the state of the snapshot. Throws when this code cannot read the bytes. */
export function restore(
  cell: Cell,
  { bytes, version }: { bytes: Uint8Array; version: number },
): Cell {
  const body = decodeSnapshot(cell.actorId, bytes, cell.kind)
  cell.state = body.state
  cell.acceptedIds = body.acceptedIds
  cell.version = version
  cell.updatedAtMs = body.updatedAtMs
  return cell
}

/**
 * Applies a stored event; false when the cell's state already has it. Throws at an event of another
 * kind.
 */
export function replay(cell: Cell, stored: StoredEvent): boolean {
  const { kind } = cell
  if (stored.kind !== kind.name)
    throw new Error(`actor ${stored.actorId} has events of a ${stored.kind}`)
  if (stored.version <= cell.version) return false
  cell.state = kind.evolve(cell.state, stored.event, stored.atMs)
  cell.version = stored.version
  cell.updatedAtMs = stored.atMs
  if (stored.commandId !== null && cell.acceptedIds.at(-1) !== stored.commandId)
    cell.rememberAccepted(stored.commandId)
  return true
}
