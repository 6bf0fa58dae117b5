/** A TCP or TLS connection to the host of an address, reading into one buffer that all connections share. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { threadId } from 'node:worker_threads'

/** Read by the connection whose turn it is and by no other: a callback has done with it when it returns. */
const shared = Buffer.allocUnsafe(256 * 1024)

/** Far below the 28,000 ports that the kernel gives to one address. */
const socketsPerAddress = 5_000
let dialled = 0

/**
 * Where the next socket to that host comes from. Each 5,000 sockets to the loopback interface come from
 * an address of their own: all from one would run out of ports, and be refused those that sockets of
 * the measurement before still hold. Elsewhere the kernel chooses; so it does where 127.0.0.1 is all there is.
 */
export function sourceAddress(hostname: string): string | undefined {
  if (process.platform !== 'linux' || !hostname.startsWith('127.')) return undefined
  const block = Math.floor(dialled++ / socketsPerAddress) + threadId * addressesPerThread
  return `127.${1 + (process.pid % 250)}.${(block >> 8) % 256}.${1 + (block % 254)}`
}
const addressesPerThread = 256

/** `url` is `http://host:port` or `https://host`. `read` may keep nothing of what it is given. */
export function dial(url: string, read: (bytes: Buffer) => void): Socket {
  const { protocol, hostname, port } = new URL(url)
  const localAddress = sourceAddress(hostname)
  // TLS decrypts into buffers of its own; there is nothing to share.
  const socket =
    protocol === 'https:'
      ? connectTls({ host: hostname, port: Number(port || 443), servername: hostname }).on(
          'data',
          read,
        )
      : connect({
          host: hostname,
          port: Number(port || 80),
          ...(localAddress !== undefined && { localAddress }),
          onread: {
            buffer: shared,
            callback: (bytes, buffer) => {
              read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes))
              return true
            },
          },
        })
  socket.setNoDelay(true)
  return socket
}
