/**
 * The baseline of ingest, a process of its own: a bare uWebSockets server that takes binary
 * messages and counts their bytes, and answers pings. What a real edge costs is what it does more than this.
 */
import { App, us_socket_local_port } from 'uWebSockets.js'

let bytes = 0
const app = App()
app.ws('/ws/driver', {
  maxPayloadLength: 64 * 1024,
  idleTimeout: 60,
  compression: 0,
  open: ws => { ws.send('{"type":"connection"}') },
  message: (ws, message, isBinary) => {
    if (isBinary) bytes += message.byteLength
    else ws.send('{"type":"pong"}')
  },
})
app.listen('127.0.0.1', 0, socket => {
  if (!socket) process.exit(1)
  process.send?.({ url: `http://127.0.0.1:${us_socket_local_port(socket)}` })
})
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
process.on('message', message => {
  if (message === 'counters') process.send?.({ counters: { bytes }, atMs: performance.now() })
})
