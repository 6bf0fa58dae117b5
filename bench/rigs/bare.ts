/**
 * Two baselines as servers beside ours. Bare uWebSockets shows the cost of a socket before its
 * messages are processed. The necessary work shows the cost of what any server must do with them.
 */
import { askChild, startServerChild, type Closing } from './child.ts'
import type { Counters } from './server.ts'

export const bareName = 'bare uWebSockets'
export const necessaryName = 'the necessary work'

/**
 * The bare server counts `bytes`, of payloads sent to its sink. The necessary one counts `frames`
 * that it decoded, and those that it `refused`.
 */
export interface BareServer {
  url: string
  pids: readonly number[]
  counters(): Promise<Counters>
}

/** Starts bare uWebSockets. It ends with the bench. */
export const startBareServer = (context: Closing): Promise<BareServer> =>
  startBaseline(context, './bare-server.js')

/** Starts the server that does the necessary work once. It ends with the bench. */
export const startNecessaryServer = (context: Closing): Promise<BareServer> =>
  startBaseline(context, './necessary-server.js')

async function startBaseline(context: Closing, file: string): Promise<BareServer> {
  const server = await startServerChild(new URL(file, import.meta.url))
  context.defer(() => server.stop())
  return {
    url: server.url,
    pids: [server.pid],
    counters: () => askChild<Counters>(server.child, 'counters'),
  }
}
