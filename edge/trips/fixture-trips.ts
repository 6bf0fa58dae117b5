/** A real server with the people of the access test, who ask for trips and drive them. */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import type { Test } from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import type { Environment } from '../../protocol/kernel/environment.ts'
import { createWorld, type Who } from '../acceptance/access-world.ts'
import { Listener, upload, type Answer } from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'

export const door = { dropoff_latitude: 27.72, dropoff_longitude: 85.33 }

/** Starts the server and registers the people; the server ends with the test. */
export async function tripParties(t: Test, environment: Environment = {}) {
  const dataDir = await preparedDataDir()
  const embedded = await startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', REGISTRATION: 'open', ...environment },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { parts } = embedded.edge
  const world = await createWorld(embedded)
  const { url, call } = world
  const done = async (who: Who, method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await call(who, method, path, body)
    if (answer.status >= 300)
      throw new Error(`${who} ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }
  const assign = (id: string) =>
    done('vendor', 'POST', `/api/orders/${id}/assign-driver`, {
      driver_id: world.driver.driverId,
    })
  return {
    parts,
    world,
    url,
    call,
    assign,
    request: (who: Who, body: object, headers?: Record<string, string>) =>
      call(who, 'POST', '/api/v1/trips/request', body, headers),
    /** A trip that the customer asks of everybody nearby and the pharmacy accepts. */
    async acceptedTrip(): Promise<string> {
      const { body } = await done('customer', 'POST', '/api/v1/trips/request', door)
      await done('vendor', 'POST', `/api/requests/${body.id}/responses`, {
        response_type: 'ACCEPTED',
      })
      return body.id
    },
    start: (id: string) => done('driver', 'PATCH', `/api/orders/${id}`, { status: 'picked_up' }),
    async complete(id: string): Promise<void> {
      await done('driver', 'PATCH', `/api/orders/${id}`, { status: 'out_for_delivery' })
      await done('driver', 'PATCH', `/api/orders/${id}`, {
        status: 'delivered',
        proof_photo_url: await upload(url, world.driver.token, 'proof'),
      })
    },
    /** A socket at `/ws/{named}` of somebody, after its greeting; it ends with the test. */
    async connect(t: Test, who: Exclude<Who, 'stranger'>, named: string = world[who].id) {
      const listener = new Listener(url, `/ws/${named}?token=${world[who].token}`)
      t.teardown(() => listener.close())
      await listener.next('connection')
      return listener
    },
  }
}
