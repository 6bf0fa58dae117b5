/**
 * Socket.IO 4 with its Redis adapter and Redis GEOSEARCH: two node processes and one redis-server.
 * Half of the terminals and all drivers are on the first process, the other half and all trackers
 * on the second. So messages cross Redis here as in production. The client speaks Engine.IO over
 * raw sockets.
 */
import { startServerChild, type ServerChild } from '../rigs/child.ts'
import { RawHttp } from '../rigs/raw-http.ts'
import { RawSocket, memberOf } from '../rigs/raw-socket.ts'
import { startRedis } from '../../protocol/testing/services.ts'
import type { Stack } from '../load/stacks/stack.ts'

/**
 * `each`: every terminal gets its own distance, in a separate publication; otherwise all get the
 * same message.
 */
export async function startSocketIo(each: boolean): Promise<Stack> {
  const redis = await startRedis()
  const processes: ServerChild[] = []
  const sockets: RawSocket[] = []
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await Promise.all(processes.map(one => one.stop()))
    await redis.stop()
  }
  try {
    for (let i = 0; i < 2; i++)
      processes.push(
        await startServerChild(new URL('./socketio-server.js', import.meta.url), {
          env: { ...process.env, REDIS_URL: redis.url },
        }),
      )
  } catch (error) {
    await stop()
    throw error
  }
  const [first, second] = processes as [ServerChild, ServerChild]
  const http = new RawHttp(first.url)
  const join = async (
    url: string,
    joining: object,
    event: string,
    heard: (text: Buffer) => void,
  ): Promise<RawSocket> => {
    const socket = await openClient(url, joining, event, heard)
    sockets.push(socket)
    return socket
  }

  return {
    name: each
      ? 'Socket.IO, a publication for each terminal'
      : 'Socket.IO, one publication for all',
    pids: () => [first.pid, second.pid, redis.pid],
    openTerminals: (field, arrived) =>
      Promise.all(
        field.pharmacies.map(({ id, latitude, longitude }, terminal) =>
          join(
            processes[terminal % 2]!.url,
            { pharmacy: id, latitude, longitude },
            'new_request',
            text => arrived(memberOf(text, 'notes') ?? '', terminal),
          ),
        ),
      ),
    async request({ latitude, longitude, radiusKm }, marker) {
      const { status, body } = await http.post(
        '/requests',
        'none',
        JSON.stringify({ latitude, longitude, radius_km: radiusKm, notes: marker, each }),
      )
      if (status !== 201) throw new Error(`Socket.IO answered ${status} ${body}`)
    },
    async openDeliveries(count, arrived) {
      const numbers = Array.from({ length: count }, (_, i) => i)
      const drivers = await Promise.all(
        numbers.map(i => join(first.url, { order: `of-driver-${i}` }, 'none', () => undefined)),
      )
      const trackers = await Promise.all(
        numbers.map(i =>
          join(second.url, { order: `order-${i}` }, 'location', text =>
            arrived(i, Number(memberOf(text, 'sent'))),
          ),
        ),
      )
      return {
        send: (delivery, sequence) =>
          drivers[delivery]!.sendText(
            `42["location",{"order_id":"order-${delivery}","driver_id":"driver-${delivery}",` +
              `"latitude":${27.7 + delivery * 1e-4},"longitude":85.3,"seq":${sequence},"sent":"${sequence}"}]`,
          ),
        sockets: [...drivers, ...trackers],
      }
    },
    stop,
  }
}

/** Engine.IO: 0 open, 2 ping, 3 pong, 4 message; within it Socket.IO: 0 connect, 2 event. */
async function openClient(
  url: string,
  joining: object,
  event: string,
  heard: (text: Buffer) => void,
): Promise<RawSocket> {
  const prefix = Buffer.from(`42["${event}"`)
  return new Promise((resolve, reject) => {
    RawSocket.open({
      url,
      path: '/socket.io/?EIO=4&transport=websocket',
      onText(socket, text) {
        if (text[0] === ping) return socket.sendText('3')
        if (text.subarray(0, prefix.length).equals(prefix)) return heard(text)
        if (text[0] === opened) return socket.sendText('40')
        if (text.subarray(0, 2).toString() === '40')
          return socket.sendText(`42["join",${JSON.stringify(joining)}]`)
        if (text.toString('latin1').startsWith('42["joined"')) resolve(socket)
      },
    }).catch(reject)
  })
}
const [opened, ping] = [0x30, 0x32]
