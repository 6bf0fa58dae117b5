/**
 * Finds a port for a server that is about to start. Rejected: listening on port 0 and using the
 * number that the kernel gave. The kernel also gives numbers of that range to outgoing connections,
 * and a bench with 20,000 of them takes the number before the server does.
 */
import { createServer } from 'node:net'

/** Below Linux's `ip_local_port_range` (32768 to 60999), above the ports of well-known services. */
const portMin = 20_000
const portMax = 32_000
const triesMax = 100

/**
 * A free port on the loopback interface. Another process may still take it before it is used.
 * Throws when many tries find none.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found between ${portMin} and ${portMax}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true))
    })
  })
}
