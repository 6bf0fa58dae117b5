/** Bare uWebSockets as a stack: the same sockets and schedules as ours, against `bare-server.ts`. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Context } from '../../common/bench.ts'
import { RawHttp } from '../../common/raw-http.ts'
import { RawSocket, memberOf } from '../../common/raw-socket.ts'
import { inParallel } from '../../common/parallel.ts'
import type { Stack } from './stack.ts'

export const bareName = 'bare uWebSockets'
export interface BareServer { url: string; pid: number }

const opensAtOnce = 128
/** What a terminal of ours is sent for a request is about as long. */
const padding = 'x'.repeat(400)

/** Ends with the bench. */
export async function startBareServer(context: Pick<Context, 'defer'>): Promise<BareServer> {
  const child = fork(fileURLToPath(new URL('./bare-server.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  context.defer(() => {
    process.off('exit', kill)
    kill()
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', message => resolve((message as { url: string }).url))
    child.once('exit', code => reject(new Error(`the bare server ended with ${code}`)))
  })
  return { url, pid: child.pid! }
}

/** Stopped by `stop()`: a second one with other sockets may use the same server. */
export function bareStack({ url, pid }: BareServer): Stack {
  const http = new RawHttp(url)
  const sockets: RawSocket[] = []
  const open = async (path: string, heard: (text: Buffer) => void): Promise<RawSocket> => {
    const socket = await RawSocket.open({ url, path, onText: (_, text) => heard(text) })
    sockets.push(socket)
    return socket
  }
  return {
    name: bareName,
    pids: () => [pid],
    async openTerminals({ pharmacies }, arrived) {
      const terminals: RawSocket[] = []
      await inParallel(pharmacies, opensAtOnce, async (_, terminal) => {
        terminals[terminal] = await open('/ws/pharmacy/', text => {
          const marker = memberOf(text, 'notes')
          if (marker !== null) arrived(marker, terminal)
        })
      })
      return terminals
    },
    async request(_field, marker) { await http.post('/requests', 'none', `{"type":"new_request","notes":"${marker}","padding":"${padding}"}`) },
    async openDeliveries(count, arrived) {
      const [drivers, trackers]: RawSocket[][] = [[], []]
      await inParallel(Array.from({ length: count }), opensAtOnce, async (_, i) => {
        drivers[i] = await open(`/ws/driver/${i}`, () => undefined)
        trackers[i] = await open(`/ws/tracking/${i}`, text => { const sent = memberOf(text, 'sent'); if (sent !== null) arrived(i, Number(sent)) })
      })
      return { send: (delivery, sequence) => drivers[delivery]!.sendText(`{"type":"location","sent":"${sequence}","padding":"${padding.slice(0, 150)}"}`), sockets: [...drivers, ...trackers] }
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      http.close()
      return Promise.resolve()
    },
  }
}
