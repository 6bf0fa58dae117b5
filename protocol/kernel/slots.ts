/**
 * Slots: the parts of the journal that engines share out among themselves. How many there are and
 * which actor
 * belongs to which is known here alone.
 */
import { limits } from './limits.ts'

/** Slots are numbered from 0 to one less. */
export const { slotCount } = limits

export const allSlots: readonly number[] = Array.from({ length: slotCount }, (_, slot) => slot)

/**
 * The slot of an actor: FNV-1a over the text of the id. Not the bits of the UUID, because UUIDv7
 * ids of one millisecond share their prefix, and services may create ids of other versions.
 */
export function slotOf(actorId: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < actorId.length; i++) h = Math.imul(h ^ actorId.charCodeAt(i), 0x01000193)
  h ^= h >>> 15
  return (h >>> 0) % slotCount
}
