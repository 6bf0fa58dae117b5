/** Sends commands to errands over the bus and returns the answers, for tests. */
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'

/** The customer who asks for all errands. */
export const askedBy: Principal = { role: 'customer', id: '0190a5a0-1234-7abc-8def-f123456789ab' }

/** The answer to a command. */
export interface Told {
  ok: boolean
  errand?: { status: string; version: number; reminders: number; heardOf: string[] }
  problem?: { code: string }
}
/** Sends a command to the owner of the errand's slot. Rejects when no engine answers. */
export const sendTo =
  (bus: Bus) =>
  async (actor_id: string, verb: string, data: object, id = `${verb}:${actor_id}`): Promise<Told> =>
    decodeBody(
      await bus.request(
        ownerSubject(actor_id),
        encodeBody({ id, actor: 'errand', actor_id, verb, by: askedBy, data }),
        5_000,
      ),
    ) as Told
