/**
 * Asks a virus scanner about a file before it is kept: `clamd`, over its socket, by its command
 * INSTREAM. Without CLAMD_SOCKET nobody is asked. A scanner that does not answer refuses the file,
 * because a file that nobody has looked at would reach the people who review papers.
 */
import { connect, type NetConnectOpts } from 'node:net'
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { fileLimits } from './storage/file-limits.ts'

/** The address of the scanner; null without one. */
export type Scanner = NetConnectOpts | null

/** Reads CLAMD_SOCKET: a path, or a host with a port. Throws ConfigError. */
export function readScanner(environment: Environment): Scanner {
  const given = textVariable(environment, 'CLAMD_SOCKET')
  if (given === null) return null
  if (given.startsWith('/')) return { path: given }
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(given) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new ConfigError(
      `CLAMD_SOCKET is "${given}"; it is a path such as /run/clamav/clamd.ctl, or a host and a port such as 127.0.0.1:3310`,
    )
  return { host, port: Number(port) }
}

/** Throws `file_infected`, and `unavailable` when the scanner gives no answer. */
export async function scan(scanner: Scanner, data: Uint8Array): Promise<void> {
  if (scanner === null) return
  const answer = await ask(scanner, data).catch(() => {
    throw new CaduceusError('unavailable', 'the virus scanner does not answer; try again')
  })
  if (answer.endsWith(' FOUND'))
    throw new CaduceusError('file_infected', 'the virus scanner refuses this file')
  if (!answer.endsWith(' OK'))
    throw new CaduceusError('unavailable', 'the virus scanner could not look at the file')
}

function ask(scanner: NetConnectOpts, data: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(scanner)
    let answer = ''
    socket.setTimeout(fileLimits.scannerTimeoutMs, () =>
      socket.destroy(new Error('the scanner takes too long')),
    )
    socket.on('connect', () => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(data.byteLength)
      // One chunk has the whole file; a chunk of length 0 ends it.
      socket.write('zINSTREAM\0')
      socket.write(length)
      socket.write(data)
      socket.write(Buffer.alloc(4))
    })
    socket.on('data', chunk => {
      answer = (answer + chunk.toString('latin1')).slice(0, 1_000)
      if (!answer.includes('\0')) return
      resolve(answer.slice(0, answer.indexOf('\0')))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the scanner closed the connection')))
  })
}
