/**
 * The raw baseline of the load benches, in its own process: uWebSockets alone, which does to bytes
 * what the edge does to messages. `/ws/driver` is a sink that counts bytes and answers pings.
 * Elsewhere it publishes a posted request to every terminal, and a driver's message to the tracker
 * of its order. It authenticates, checks, matches and stores nothing. The cost of the product is
 * the difference to this.
 */
import { App } from '../../edge/kernel/uws.ts'
import { serveBench } from './serve.ts'

/** The topic that a socket subscribes to at its path; null when it only sends. */
interface Data {
  topic: string | null
  order: string
}

const greeting = '{"type":"connection"}'
let bytes = 0
const app = App()
app.ws('/ws/driver', {
  maxPayloadLength: 64 * 1024,
  idleTimeout: 60,
  compression: 0,
  open: ws => {
    ws.send(greeting)
  },
  message: (ws, message, isBinary) => {
    if (isBinary) bytes += message.byteLength
    else ws.send('{"type":"pong"}')
  },
})
app.ws<Data>('/*', {
  maxPayloadLength: 64 * 1024,
  maxBackpressure: 4 * 1024 * 1024,
  idleTimeout: 120,
  compression: 0,
  upgrade(res, req, context) {
    const [, , kind, name = ''] = req.getUrl().split('/')
    const topic = kind === 'pharmacy' ? 'terminals' : kind === 'tracking' ? `order:${name}` : null
    const protocol = req.getHeader('sec-websocket-protocol') === '' ? '' : 'bearer'
    res.upgrade(
      { topic, order: `order:${name}` },
      req.getHeader('sec-websocket-key'),
      protocol,
      '',
      context,
    )
  },
  open(ws) {
    const { topic } = ws.getUserData()
    if (topic !== null) ws.subscribe(topic)
    ws.send(greeting)
  },
  message: (ws, message) => {
    app.publish(ws.getUserData().order, message, false)
  },
})
app.post('/*', res => {
  const chunks: Buffer[] = []
  res.onAborted(() => undefined)
  res.onData((chunk, last) => {
    chunks.push(Buffer.from(chunk.slice(0)))
    if (!last) return
    const body = Buffer.concat(chunks)
    app.publish('terminals', body, false)
    res.writeStatus('201 Created').writeHeader('content-type', 'application/json').end('{}')
  })
})
serveBench(app, () => ({ bytes }))
