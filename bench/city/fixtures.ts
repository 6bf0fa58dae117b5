/**
 * The people of the older broadcast backend's test data: a customer and four pharmacies, two within
 * 3 km, one within 5 km and one at 15 km. Their tokens go to a file, as its documents describe.
 */
import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RestClient } from '../../protocol/client/index.ts'
import { UsageError } from '../harness/options.ts'
import { password, runTag } from '../rigs/people.ts'
import { placeOf } from './grid.ts'

/** Metres east and north of the customer, who is in the centre of Kathmandu. */
const pharmacies = {
  pharmacy_A: { name: 'Pharmacy A', x: 500, y: -600 },
  pharmacy_B: { name: 'Pharmacy B', x: -2_400, y: 700 },
  pharmacy_C: { name: 'Pharmacy C', x: 1_500, y: 4_200 },
  pharmacy_D: { name: 'Pharmacy D', x: 14_800, y: 2_400 },
} as const
export type PharmacyKey = keyof typeof pharmacies
export const pharmacyKeys = Object.keys(pharmacies) as PharmacyKey[]

export interface FixturePerson {
  /** The access token. */
  token: string
  email: string
  password: string
  user_id: string
}
/** The contents of the file. */
export type Fixtures = { url: string; customer: FixturePerson } & Record<
  PharmacyKey,
  FixturePerson & { pharmacy_id: string; name: string; lat: number; lng: number }
>

/** Registers the people over HTTP. */
export async function makeFixtures(url: string): Promise<Fixtures> {
  const tag = runTag()
  const phone = (n: number): string => `+97798410000${String(n).padStart(2, '0')}`
  const api = new RestClient({ url })
  const email = `customer@${tag}.example`
  const { id } = await api.register({
    email,
    full_name: 'John Doe',
    phone: phone(0),
    role: 'user',
    password,
  })
  const customer = { token: await api.accessToken(), email, password, user_id: id }
  const made = await Promise.all(
    pharmacyKeys.map(async (key, index) => {
      const { name, ...point } = pharmacies[key]
      const at = placeOf(point)
      const own = new RestClient({ url })
      const address = `${key.replace('_', '-').toLowerCase()}@${tag}.example`
      const { id: user_id, vendor_id } = await own.registerVendor({
        email: address,
        business_name: name,
        phone: phone(index + 1),
        password,
        ...at,
      })
      const person = {
        token: await own.accessToken(),
        email: address,
        password,
        user_id,
        pharmacy_id: vendor_id!,
        name,
        lat: at.latitude,
        lng: at.longitude,
      }
      return [key, person] as const
    }),
  )
  return { url, customer, ...Object.fromEntries(made) } as Fixtures
}

/**
 * Writes the file so that only its owner may read it. It is written beside its place and then moved
 * there, because an existing file would keep its mode. Throws UsageError.
 */
export function writeFixtures(file: string, fixtures: Fixtures): void {
  const beside = join(dirname(file), `.fixtures-${randomBytes(6).toString('hex')}`)
  try {
    writeFileSync(beside, `${JSON.stringify(fixtures, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw new UsageError(`--fixtures: ${file} cannot be written (${(error as Error).message})`)
  }
}
