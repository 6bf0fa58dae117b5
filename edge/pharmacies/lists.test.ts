/** A list of pharmacies shows more of a pharmacy to its owner and to administrators. */
import t from 'tap'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call } = await startParties(t)

t.test(
  'a list of pharmacies shows private fields to the owner and to administrators alone',
  async t => {
    const [mine, other] = [await edge.pharmacy(), await edge.pharmacy()]
    const drivers = [
      await edge.driver(mine.id),
      await edge.driver(mine.id),
      await edge.driver(other.id),
    ]
    const listOf = async (token: string): Promise<any[]> =>
      (await call('GET', '/api/vendors', { token })).body.vendors
    const named = (list: any[], id: string) => list.find(one => one.id === id)
    const all = await listOf((await edge.admin()).token)
    t.match(named(all, mine.id), { user_id: String, email: /@/ })
    t.same(named(all, mine.id).driver_ids, [drivers[0]!.id, drivers[1]!.id])
    t.same(named(all, other.id).driver_ids, [drivers[2]!.id])
    const own = await listOf(mine.token)
    t.same(named(own, mine.id), named(all, mine.id))
    for (const stranger of [
      named(own, other.id),
      named(await listOf((await edge.customer()).token), mine.id),
    ])
      for (const field of ['user_id', 'email', 'driver_ids', 'proof_required', 'dispatch_policy'])
        t.notOk(field in stranger, field)
  },
)
