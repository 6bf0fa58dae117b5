/**
 * A Django Channels stack as in the prototype, from Debian's packages: one Daphne process, one
 * redis-server, SQLite. Without the packages the bench is skipped, and the published measurement in
 * bench/README.md stands for it, named as such.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { fileURLToPath } from 'node:url'
import { settled } from '../rigs/parallel.ts'
import { RawHttp } from '../rigs/raw-http.ts'
import { RawSocket, memberOf } from '../rigs/raw-socket.ts'
import { startCommand } from '../../protocol/testing/processes.ts'
import { startRedis } from '../../protocol/testing/services.ts'
import type { Stack } from '../load/stacks/stack.ts'
import { freePort } from '../../protocol/testing/free-port.ts'

/** Debian's own interpreter first: its packages are installed only for it. */
const interpreters = ['/usr/bin/python3', 'python3']
const startTimeoutMs = 20_000

function interpreter(): string | null {
  for (const python of interpreters)
    try {
      execFileSync(python, ['-c', 'import channels, channels_redis, daphne, django'], {
        stdio: 'ignore',
      })
      return python
    } catch {
      /* the next one */
    }
  return null
}

/** Null when it can run; otherwise one line about installing it. */
export const channelsMissing = (): string | null =>
  interpreter() === null
    ? 'Django Channels: not found; install with: apt-get install --no-install-recommends daphne python3-channels-redis'
    : null

/** Throws when it is missing or does not start. */
export async function startChannels(): Promise<Stack> {
  const python = interpreter()
  if (python === null) throw new Error(channelsMissing()!)
  const redis = await startRedis()
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-channels-'))
  const port = await freePort()
  const code = fileURLToPath(assetUrl('bench/peers/channels/'))
  const child = startCommand(
    [
      python,
      '-m',
      'daphne',
      '-b',
      '127.0.0.1',
      '-p',
      String(port),
      '--websocket_timeout',
      '-1',
      'app:application',
    ],
    {
      ...process.env,
      PYTHONPATH: code,
      PYTHONDONTWRITEBYTECODE: '1',
      DATABASE: join(folder, 'db.sqlite3'),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
    },
    folder,
  )
  const sockets: RawSocket[] = []
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await child.kill()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  const http = new RawHttp(url)
  let ready = false
  const tryOnce = (): void => {
    void http.prepare(1).then(
      () => {
        ready = true
      },
      () => {
        if (child.process.exitCode === null) setTimeout(tryOnce, 100)
      },
    )
  }
  tryOnce()
  if (!(await settled(() => ready, startTimeoutMs))) {
    await stop()
    throw new Error(`Django Channels does not start: ${child.output()}`)
  }
  const open = async (path: string, heard: (text: Buffer) => void): Promise<RawSocket> => {
    const socket = await RawSocket.open({ url, path, onText: (_, text) => heard(text) })
    sockets.push(socket)
    return socket
  }

  return {
    name: 'Django Channels',
    pids: () => [child.process.pid!, redis.pid],
    async openTerminals({ pharmacies }, arrived) {
      const { status, body } = await http.post(
        '/pharmacies',
        'none',
        JSON.stringify(pharmacies.map(p => [p.id, p.latitude, p.longitude])),
      )
      if (status !== 201)
        throw new Error(`Django Channels answered ${status} ${body}: ${child.output()}`)
      const opened: RawSocket[] = []
      for (const [terminal, { id }] of pharmacies.entries())
        opened.push(
          await open(`/ws/pharmacy/${id}`, text => {
            const marker = spaced(text, 'notes')
            if (marker !== null) arrived(marker, terminal)
          }),
        )
      return opened
    },
    async request({ latitude, longitude, radiusKm }, marker) {
      const { status, body } = await http.post(
        '/requests',
        'none',
        JSON.stringify({ latitude, longitude, radius_km: radiusKm, notes: marker }),
      )
      if (status !== 201) throw new Error(`Django Channels answered ${status} ${body}`)
    },
    async openDeliveries(count, arrived) {
      const drivers: RawSocket[] = []
      const trackers: RawSocket[] = []
      for (let i = 0; i < count; i++) {
        drivers.push(await open('/ws/driver', () => undefined))
        trackers.push(
          await open(`/ws/tracking/order-${i}`, text => {
            const sent = spaced(text, 'sent')
            if (sent !== null) arrived(i, Number(sent))
          }),
        )
      }
      return {
        send: (delivery, sequence) =>
          drivers[delivery]!.sendText(
            `{"type":"location","order_id":"order-${delivery}","latitude":${27.7 + delivery * 1e-4},"longitude":85.3,"sent":"${sequence}"}`,
          ),
        sockets: [...drivers, ...trackers],
      }
    },
    stop,
  }
}

/** Python writes a space after the colon. */
function spaced(text: Buffer, name: string): string | null {
  const key = `"${name}": "`
  const at = text.indexOf(key, 0, 'latin1')
  return at < 0
    ? memberOf(text, name)
    : text.toString('latin1', at + key.length, text.indexOf(0x22, at + key.length))
}
