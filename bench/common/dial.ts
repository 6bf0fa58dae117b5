/** A TCP or TLS connection to the host of an address, reading into one buffer that all connections share. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Read by the connection whose turn it is and by no other: a callback has done with it when it returns. */
const shared = Buffer.allocUnsafe(256 * 1024)

/**
 * `url` is `http://host:port` or `https://host`. `read` may keep nothing of what it is given.
 * `localAddress`: 127.0.0.x each have their own 28,000 ports, and 50,000 sockets need more than one.
 */
export function dial(url: string, read: (bytes: Buffer) => void, localAddress?: string): Socket {
  const { protocol, hostname, port } = new URL(url)
  // TLS decrypts into buffers of its own; there is nothing to share.
  const socket = protocol === 'https:'
    ? connectTls({ host: hostname, port: Number(port || 443), servername: hostname }).on('data', read)
    : connect({
      host: hostname, port: Number(port || 80), ...(localAddress !== undefined && { localAddress }),
      onread: { buffer: shared, callback: (bytes, buffer) => { read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes)); return true } },
    })
  socket.setNoDelay(true)
  return socket
}
