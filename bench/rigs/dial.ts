/**
 * Opens a TCP or TLS connection to the host of an address. TCP connections read into one shared
 * buffer.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { threadId } from 'node:worker_threads'

/** Used only by the connection whose callback runs, until the callback returns. */
const shared = Buffer.allocUnsafe(256 * 1024)

/**
 * Sockets for each source address: far below the 28,000 ports that the kernel gives to one address.
 */
const socketsPerAddress = 5_000
let dialled = 0

/**
 * The source address of the next socket to that host. Each 5,000 sockets to the loopback interface
 * use another address: one address would run out of ports, and could not use ports that the sockets
 * of the measurement before still hold. For other hosts the kernel chooses, and also outside Linux,
 * where only 127.0.0.1 exists.
 */
export function sourceAddress(hostname: string): string | undefined {
  if (process.platform !== 'linux' || !hostname.startsWith('127.')) return undefined
  const block = Math.floor(dialled++ / socketsPerAddress) + threadId * addressesPerThread
  return `127.${1 + (process.pid % 250)}.${(block >> 8) % 256}.${1 + (block % 254)}`
}
const addressesPerThread = 256

/** `url` is `http://host:port` or `https://host`. `read` must not keep the bytes that it gets. */
export function dial(url: string, read: (bytes: Buffer) => void): Socket {
  const { protocol, hostname, port } = new URL(url)
  const localAddress = sourceAddress(hostname)
  // TLS decrypts into its own buffers, so nothing can be shared.
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
