/**
 * Slots: the parts of the journal that engines share out among themselves. Only this file knows the
 * number of slots and the slot of an actor.
 */
import { limits } from './limits.ts'

/** The slots that a group of engines shares out, and the slot of each actor. */
export interface Slots {
  readonly all: readonly number[]
  of(actorId: string): number
}

/** Slots are numbered from 0 to one less. */
export const { slotCount } = limits

/** The numbers of all slots. */
export const allSlots: readonly number[] = Array.from({ length: slotCount }, (_, slot) => slot)

/**
 * The slot of an actor: FNV-1a over the text of the id. Rejected: bits of the UUID. UUIDv7 ids of
 * one millisecond share their prefix, and services may create ids of other versions.
 */
export function slotOf(actorId: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < actorId.length; i++) h = Math.imul(h ^ actorId.charCodeAt(i), 0x01000193)
  h ^= h >>> 15
  return (h >>> 0) % slotCount
}

/**
 * The number under which edges publish facts about money. No engine owns it; its numbers have no gap
 * either, so a consumer treats it like any other slot.
 */
export const moneySlot = slotCount

/** The slots of a deployment. */
export const slots: Slots = { all: allSlots, of: slotOf }
