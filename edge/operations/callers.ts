/** The callers that the operations of this feature answer. */
import { admins, everyone, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  health: everyone,
  healthAlias: everyone,
  metrics: everyone,
  listProcesses: admins,
  listParkedCommands: admins,
  replayParkedCommands: admins,
  replayParkedCommand: admins,
  dropParkedCommand: admins,
}
