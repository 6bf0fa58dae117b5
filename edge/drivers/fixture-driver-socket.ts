/** A server of sockets and one driver of one pharmacy, for the tests of the driver's socket. */
import { addDriver, addPharmacy, newId, startFixture, type TestSocket } from '../sockets/fixture.ts'
import type { Test } from 'tap'

/** Starts the server; `connect` resolves after the greeting. */
export async function startDriverSocket(t: Test) {
  const f = await startFixture()
  t.teardown(() => f.stop())
  const pharmacyId = newId()
  const userId = newId()
  const driverId = newId()
  await addPharmacy(f.database, { userId: newId(), pharmacyId })
  await addDriver(f.database, { userId, driverId, pharmacyId })
  const path = `/ws/driver?token=${await f.token('driver', { userId, driverId })}`
  async function connect(): Promise<TestSocket> {
    const socket = f.connect(path)
    await socket.next('connection')
    return socket
  }
  return { f, pharmacyId, driverId, connect }
}
