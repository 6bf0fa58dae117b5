/**
 * Checks that the port is free before anything else is opened. A busy port is the most frequent
 * reason why a start fails, and it must not cost the start of a database.
 *
 * Rejected: listening early with the real server. It would accept requests that it cannot answer
 * yet.
 */
import { createServer } from 'node:net'
import { ConfigError } from '../../protocol/kernel/environment.ts'

/**
 * Resolves when the port is free or 0 (any port). Throws ConfigError with one line that names the
 * variable.
 */
export async function findPortFree(host: string, port: number): Promise<void> {
  if (port === 0) return
  const server = createServer(socket => socket.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, exclusive: true }, resolve)
    })
  } catch (error) {
    throw new ConfigError(reason(host, port, error as NodeJS.ErrnoException))
  }
  await new Promise<void>(resolve => server.close(() => resolve()))
}

function reason(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT: ${host}:${port} is in use by another process; end that process, or set PORT to another port`
    case 'EACCES':
      return `PORT: this user may not listen on ${port}; set PORT to 1024 or more, with a proxy in front of it`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST: ${host} is not an address of this machine; 127.0.0.1 is the machine alone, 0.0.0.0 every network`
    default:
      return `PORT: ${host}:${port} cannot be listened on: ${message}`
  }
}
