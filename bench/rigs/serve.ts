/**
 * The frame of a small server in a process of its own: it listens on a free port, tells its address
 * and its counters over the process channel, and ends with its parent.
 */
import { us_socket_local_port, type TemplatedApp } from '../../edge/kernel/uws.ts'

/** Listens on the loopback. `counters` answers each question of the bench. */
export function serveBench(app: TemplatedApp, counters: () => Record<string, number>): void {
  app.listen('127.0.0.1', 0, socket => {
    if (!socket) process.exit(1)
    process.send?.({ url: `http://127.0.0.1:${us_socket_local_port(socket)}` })
  })
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
  process.on('message', message => {
    if (message === 'counters') process.send?.({ counters: counters(), atMs: performance.now() })
  })
}
