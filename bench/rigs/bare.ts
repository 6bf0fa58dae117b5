/**
 * Bare uWebSockets as a server beside ours: the cost of a socket before its messages are processed.
 */
import { askChild, startServerChild, type Closing } from './child.ts'
import type { Counters } from './server.ts'

export const bareName = 'bare uWebSockets'

/** Its one counter is `bytes`, of payloads sent to its sink. */
export interface BareServer {
  url: string
  pids: readonly number[]
  counters(): Promise<Counters>
}

/** Starts the server. It ends with the bench. */
export async function startBareServer(context: Closing): Promise<BareServer> {
  const server = await startServerChild(new URL('./bare-server.js', import.meta.url))
  context.defer(() => server.stop())
  return {
    url: server.url,
    pids: [server.pid],
    counters: () => askChild<Counters>(server.child, 'counters'),
  }
}
