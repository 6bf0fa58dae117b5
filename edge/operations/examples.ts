/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  listProcesses: { as: 'admin', status: 200 },
  listParkedCommands: { as: 'admin', query: { limit: 2 }, status: 200 },
  replayParkedCommands: { as: 'admin', body: {}, status: 200 },
  replayParkedCommand: {
    as: 'admin',
    params: { actor_id: of.driver, command_id: of.parked },
    body: {},
    status: 200,
  },
  dropParkedCommand: {
    as: 'admin',
    params: { actor_id: of.driver, command_id: of.parked },
    status: 200,
  },
  health: { status: 200 },
  healthAlias: { status: 200 },
  metrics: { status: 200 },
}
