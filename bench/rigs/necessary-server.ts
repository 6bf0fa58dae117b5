/**
 * The fair baseline of frames and broadcasts, in its own process: uWebSockets and the work that any
 * server must do once, and no more. It decodes each frame with the decoder of the product and keeps
 * the newest position of each driver. It sends each terminal a message of its own, because each one
 * stands at another distance. It authenticates, journals, matches and tells nobody else.
 */
import { App, type WebSocket } from '../../edge/kernel/uws.ts'
import { FrameReader } from '../../protocol/river/frames.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { serveBench } from './serve.ts'

/** A terminal has a place, a driver has a number. */
type Data = { latitude: number; longitude: number } | { driver: number }

const greeting = '{"type":"connection"}'
const driversMax = 1 << 16
const reader = new FrameReader()
const [latitudes, longitudes, timesMs] = [
  new Float64Array(driversMax),
  new Float64Array(driversMax),
  new Float64Array(driversMax),
] as const
const terminals = new Set<WebSocket<Data>>()
let drivers = 0
let frames = 0
let refused = 0

function take(driver: number, message: ArrayBuffer): void {
  const count = reader.read(new Uint8Array(message), Date.now())
  if (count < 0) {
    refused++
    return
  }
  refused += reader.refused
  frames += count
  for (let i = 0; i < count; i++) {
    if (reader.timestampMs[i]! <= timesMs[driver]!) continue
    timesMs[driver] = reader.timestampMs[i]!
    latitudes[driver] = reader.latitude[i]!
    longitudes[driver] = reader.longitude[i]!
  }
}

const app = App()
app.ws<Data>('/*', {
  maxPayloadLength: 64 * 1024,
  maxBackpressure: 4 * 1024 * 1024,
  idleTimeout: 120,
  compression: 0,
  upgrade(res, req, context) {
    const [, , kind, place = ''] = req.getUrl().split('/')
    const [latitude = 0, longitude = 0] = place.split(',').map(Number)
    res.upgrade<Data>(
      kind === 'pharmacy' ? { latitude, longitude } : { driver: drivers++ % driversMax },
      req.getHeader('sec-websocket-key'),
      req.getHeader('sec-websocket-protocol') === '' ? '' : 'bearer',
      '',
      context,
    )
  },
  open(ws) {
    if (!('driver' in ws.getUserData())) terminals.add(ws)
    ws.send(greeting)
  },
  close(ws) {
    terminals.delete(ws)
  },
  message(ws, message, isBinary) {
    const data = ws.getUserData()
    if (isBinary && 'driver' in data) take(data.driver, message)
    else ws.send('{"type":"pong"}')
  },
})
app.post('/*', res => {
  const chunks: Buffer[] = []
  res.onAborted(() => undefined)
  res.onData((chunk, last) => {
    chunks.push(Buffer.from(chunk.slice(0)))
    if (!last) return
    const request = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
    const [latitude, longitude] = [Number(request['latitude']), Number(request['longitude'])]
    // All that is equal for all is written once.
    const head = `${JSON.stringify(request).slice(0, -1)},"distance_km":`
    for (const ws of terminals) {
      const data = ws.getUserData()
      if ('driver' in data) continue
      const km = distanceKm(latitude, longitude, data.latitude, data.longitude)
      ws.send(`${head}${Math.round(km * 10) / 10}}`)
    }
    res.writeStatus('201 Created').writeHeader('content-type', 'application/json').end('{}')
  })
})
serveBench(app, () => ({ frames, refused }))
