/**
 * The changes of a pharmacy besides its orders: it changes its tariff and its place, ends and
 * renews memberships of drivers, and takes them off duty; an administrator suspends it for a while.
 */
import { encodeBody } from '../../protocol/bus/codec.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { tariffOf } from './people.ts'
import { tellDriver, type PharmacyCaller } from './pharmacy-drivers.ts'

/** Average time between two changes. */
const changeMs = 4 * 60_000

/** Goes on as long as orders come. */
export async function keepOffice(
  pharmacy: PharmacyCaller,
  first: DirectoryPharmacy,
): Promise<void> {
  const { chance, world } = pharmacy
  let row = first
  const become = (change: Partial<DirectoryPharmacy>): void => {
    row = { ...row, ...change, revision: row.revision + 1 }
    world.putPharmacy(row)
    const edges = world.edges()
    if (edges.length === 0) return
    const { node, bus } = chance.pick(edges)
    node.enter(() => {
      bus.publish(subjects.directory, encodeBody(row))
    })
  }
  for (;;) {
    await pharmacy.sleep(chance.around(changeMs))
    if (world.closing()) return
    const what = chance.random()
    if (what < 0.4) become({ tariff: tariffOf(chance), proof_required: chance.happens(0.5) })
    else if (what < 0.55)
      become({
        latitude: row.latitude + chance.between(-0.003, 0.003),
        longitude: row.longitude + chance.between(-0.003, 0.003),
      })
    else if (what < 0.65) {
      become({ status: 'suspended', is_active: false })
      await pharmacy.sleep(chance.around(60_000))
      become({ status: 'active', is_active: true })
    } else if (what < 0.85)
      await tellDriver(pharmacy, chance.pick(pharmacy.driverIds), 'end_membership', {})
    else {
      const driverId = chance.pick(pharmacy.driverIds)
      await tellDriver(pharmacy, driverId, 'set_status', { status: 'offline' })
      await pharmacy.sleep(chance.around(60_000))
      await tellDriver(pharmacy, driverId, 'set_status', { status: 'available' })
    }
  }
}
