/** The columns of the table of events. An append writes one row for each event. */
import type { AppendRequest } from './journal.ts'
import type { Column } from './table.ts'

/** The event with this index in an append; `seq` is its number in the slot. */
export interface EventToWrite {
  request: AppendRequest
  index: number
  seq: number
}

export const eventColumns: readonly Column<EventToWrite>[] = [
  { name: 'actor_id', type: 'uuid', of: one => one.request.actorId },
  { name: 'version', type: 'int4', of: one => one.request.fromVersion + 1 + one.index },
  { name: 'slot', type: 'int2', of: one => one.request.slot },
  { name: 'seq', type: 'int8', of: one => one.seq },
  { name: 'kind', type: 'text', of: one => one.request.kind },
  { name: 'at', type: 'timestamptz', of: one => one.request.atMs },
  { name: 'type', type: 'text', of: one => one.request.events[one.index]!.type },
  { name: 'command_id', type: 'text', of: one => one.request.commandId },
  { name: 'acted_by', type: 'json', of: one => one.request.by },
  { name: 'data', type: 'json', of: one => one.request.events[one.index]!.data },
]
