/**
 * Sends one command to a private Redis on its own connection, to make faults and failovers.
 *
 * Rejected: the client library, which repeats and reconnects while the test wants to break things.
 */
import { connect } from 'node:net'

const answerTimeoutMs = 5_000

/** The first line of the answer, such as `+OK`; rejects when none comes. */
export function redisCommand(port: number, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
      ),
    )
    socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error('no answer')))
    socket.once('data', data => {
      resolve(data.toString('latin1').split('\r\n', 1)[0]!)
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('connection closed')))
  })
}
