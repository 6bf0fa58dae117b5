/**
 * A baseline as a stack: the same sockets and schedules as ours, against `rigs/bare-server.ts` or,
 * for broadcasts alone, `rigs/necessary-server.ts`.
 */
import { bareName, type BareServer } from '../../rigs/bare.ts'
import { RawHttp } from '../../rigs/raw-http.ts'
import { RawSocket, memberOf } from '../../rigs/raw-socket.ts'
import { inParallel } from '../../rigs/parallel.ts'
import type { Stack } from './stack.ts'

const opensAtOnce = 128
/** About as long as the rest of our message to a terminal. */
const padding = 'x'.repeat(400)

/** `stop()` ends only its sockets: another stack may use the same server. */
export function bareStack({ url, pids }: BareServer, name = bareName): Stack {
  const http = new RawHttp(url)
  const sockets: RawSocket[] = []
  const open = async (path: string, heard: (text: Buffer) => void): Promise<RawSocket> => {
    const socket = await RawSocket.open({ url, path, onText: (_, text) => heard(text) })
    sockets.push(socket)
    return socket
  }
  return {
    name,
    pids: () => pids,
    async openTerminals({ pharmacies }, arrived) {
      const terminals: RawSocket[] = []
      await inParallel(pharmacies, opensAtOnce, async ({ latitude, longitude }, terminal) => {
        terminals[terminal] = await open(`/ws/pharmacy/${latitude},${longitude}`, text => {
          const marker = memberOf(text, 'notes')
          if (marker !== null) arrived(marker, terminal)
        })
      })
      return terminals
    },
    async request({ latitude, longitude }, marker) {
      await http.post(
        '/requests',
        'none',
        `{"type":"new_request","notes":"${marker}","latitude":${latitude},"longitude":${longitude},"padding":"${padding}"}`,
      )
    },
    async openDeliveries(count, arrived) {
      const [drivers, trackers]: RawSocket[][] = [[], []]
      await inParallel(Array.from({ length: count }), opensAtOnce, async (_, i) => {
        drivers[i] = await open(`/ws/driver/${i}`, () => undefined)
        trackers[i] = await open(`/ws/tracking/${i}`, text => {
          const sent = memberOf(text, 'sent')
          if (sent !== null) arrived(i, Number(sent))
        })
      })
      return {
        send: (delivery, sequence) =>
          drivers[delivery]!.sendText(
            `{"type":"location","sent":"${sequence}","padding":"${padding.slice(0, 150)}"}`,
          ),
        sockets: [...drivers, ...trackers],
      }
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      http.close()
      return Promise.resolve()
    },
  }
}
