/**
 * One process of the Socket.IO peer: Socket.IO 4, its Redis adapter, and Redis GEOSEARCH for the
 * search nearby. It does only the work of a broadcast and of a location: no accounts, no
 * validation, no storage. The environment names its Redis, and it answers with its port.
 */
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

const redisUrl = process.env['REDIS_URL']!
const redis = new Redis(redisUrl)
const http = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/requests') {
    response.writeHead(404).end()
    return
  }
  let text = ''
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  request.on('end', () => {
    broadcast(JSON.parse(text) as Request).then(
      count =>
        response
          .writeHead(201, { 'content-type': 'application/json' })
          .end(JSON.stringify({ pharmacies_notified: count })),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
})
const io = new Server(http, {
  transports: ['websocket'],
  perMessageDeflate: false,
  serveClient: false,
  adapter: createAdapter(redis.duplicate(), redis.duplicate()),
})

interface Request {
  latitude: number
  longitude: number
  radius_km: number
  notes: string
  each: boolean
}
interface Location {
  order_id: string
  driver_id: string
  latitude: number
  longitude: number
  seq: number
  sent: string
}
type Joining = { pharmacy: string; latitude: number; longitude: number } | { order: string }

async function broadcast({
  latitude,
  longitude,
  radius_km,
  notes,
  each,
}: Request): Promise<number> {
  const near = (await redis.geosearch(
    'pharmacies',
    'FROMLONLAT',
    longitude,
    latitude,
    'BYRADIUS',
    radius_km,
    'km',
    'ASC',
    'WITHDIST',
  )) as [string, string][]
  const body = {
    request_id: notes,
    latitude,
    longitude,
    radius_km,
    notes,
    at: new Date().toISOString(),
  }
  // Each terminal gets its own distance in a separate publication, or all get the same message.
  if (each)
    for (const [id, distance] of near)
      io.to(`pharmacy:${id}`).emit('new_request', { ...body, distance_km: Number(distance) })
  else io.to(near.map(([id]) => `pharmacy:${id}`)).emit('new_request', body)
  return near.length
}

io.on('connection', socket => {
  socket.on('join', (joining: Joining) => {
    const joined =
      'order' in joining
        ? socket.join(`order:${joining.order}`)
        : redis
            .geoadd('pharmacies', joining.longitude, joining.latitude, joining.pharmacy)
            .then(() => socket.join(`pharmacy:${joining.pharmacy}`))
    void Promise.resolve(joined).then(() => socket.emit('joined'))
  })
  socket.on('location', (location: Location) => {
    void redis.geoadd('drivers', location.longitude, location.latitude, location.driver_id)
    io.to(`order:${location.order_id}`).emit('location', location)
  })
})

http.listen(0, '127.0.0.1', () =>
  process.send!({ url: `http://127.0.0.1:${(http.address() as { port: number }).port}` }),
)
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
