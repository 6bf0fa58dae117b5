/**
 * Everybody who may not work: pharmacies that wait, were refused or are suspended, and drivers who
 * wait, were let go, or whose pharmacy is suspended. The deployment starts with registration `open`
 * and then again, with the same database, with `approval`.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { defaultParams, rules, type Call, type Ids } from '../acceptance/access-table.ts'
import { createWorld, type World } from '../acceptance/access-world.ts'
import {
  http,
  newDriver,
  newPharmacy,
  password,
  type DriverPerson,
  type Person,
  type Pharmacy,
  upload,
} from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'
import type { AnyRoute } from '../kernel/route.ts'
import type { Test } from 'tap'

/** An account that may not work; `own` is the id of its pharmacy or driver. */
export interface Stopped {
  person: Person
  role: 'vendor' | 'driver'
  code: string
  name: string
  own: string
}

/**
 * Starts the deployment with `open` and then with `approval`; `ask` sends the request of a row as
 * one of the stopped.
 */
export async function startStopped(t: Test) {
  const dataDir = await preparedDataDir()
  const environment = {
    DATA_DIR: dataDir,
    PORT: '0',
    RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
    WEBHOOK_ALLOW_PRIVATE: '1',
  }
  const log = pino({ level: 'silent' })
  const before = await startEmbedded({ ...environment, REGISTRATION: 'open' }, { log })
  const old = await createWorld(before)
  const invited = await old.call(
    'vendor',
    'POST',
    `/api/vendors/${old.vendor.pharmacyId}/driver-invitations`,
    {},
  )
  const assigned = await old.assignedOrder()
  const offered = await old.offeredOrder()
  const subscription = await old.subscription()
  const shop = await old.shop()
  const ids: Ids = {
    order: assigned.id,
    token: assigned.tracking_token,
    pending: await old.pendingOrder(),
    request: await old.openRequest(),
    offerOrder: offered.id,
    offer: offered.offerId,
    vendor: old.vendor.pharmacyId,
    driver: old.driver.driverId,
    upload: await old.upload(),
    unfinished: await old.unfinishedUpload(),
    session: '',
    anyPharmacy: old.otherPharmacy.pharmacyId,
    subscription,
    delivery: await old.delivery(subscription),
    integration: shop.integrationId,
    deliveryKey: shop.deliveryKey,
    import: shop.importId,
    invitation: invited.body.id,
    applicantDriver: (await newDriver(old.url, old.vendor.pharmacyId, 'Second Driver')).driverId,
    applicant: '',
    account: '',
    apiKey: '',
    parked: '',
    parkedToo: '',
  }
  const { integration: shopAgain, secret } = (
    await old.call(
      'vendor',
      'POST',
      `/api/vendors/${old.vendor.pharmacyId}/integrations/woocommerce`,
      {},
    )
  ).body
  const letGo = await newDriver(old.url, old.otherPharmacy.pharmacyId, 'Let Go')

  await before.stop()

  const embedded = await startEmbedded({ ...environment, REGISTRATION: 'approval' }, { log })
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url } = embedded
  const { routes } = embedded.edge
  const world: World = { ...old, url }
  const admin = (
    await http(url, 'POST', '/api/auth/login', { body: { email: old.admin.email, password } })
  ).body.access_token as string
  const done = async (
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
  ): Promise<any> => {
    const answer = await http(url, method, path, {
      ...(token !== undefined && { token }),
      ...(body !== undefined && { body }),
    })
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const decide = (verb: string, id: string) =>
    done(
      admin,
      'POST',
      `/api/admin/vendors/${id}/${verb}`,
      verb === 'approve' ? {} : { reason: 'as the register says' },
    )

  const worked = await Promise.all(
    [old.vendor, old.otherPharmacy, old.driver].map(
      async ({ token }) => (await http(url, 'GET', '/api/orders', { token })).status,
    ),
  )
  const [pending, rejected] = [
    await newPharmacy(url, 'Pending', 2, 2),
    await newPharmacy(url, 'Rejected', 3, 3),
  ]
  await decide('reject', rejected.pharmacyId)
  const waiting = await newDriver(url, old.otherPharmacy.pharmacyId, 'Waiting')
  await done(
    old.otherPharmacy.token,
    'POST',
    `/api/vendors/${old.otherPharmacy.pharmacyId}/drivers/${letGo.driverId}/end`,
    {},
  )
  // These tickets are from before the suspension and valid for a minute.
  const tickets = new Map<string, string>()
  for (const [name, token] of [
    ['suspended', old.vendor.token],
    ['driver of the suspended', old.driver.token],
  ] as const)
    tickets.set(name, (await done(token, 'POST', '/api/auth/ws-ticket')).ticket)
  const prescribed = await done(old.customer.token, 'POST', '/api/orders', {
    vendor_id: old.vendor.pharmacyId,
    delivery_address: 'home',
    delivery_latitude: 1.01,
    delivery_longitude: 1.01,
    items: [],
    prescription_url: await upload(url, old.customer.token, 'prescription'),
  })
  /** Opens the prescription for the pharmacy that is suspended below. */
  const prescriptionLink: string = (
    await done(old.vendor.token, 'GET', `/api/orders/${prescribed.id}`)
  ).prescription_url
  const openedBefore = (await fetch(url + prescriptionLink)).status
  await decide('suspend', old.vendor.pharmacyId)

  const pharmacy = (name: string, person: Pharmacy): Stopped => ({
    name,
    person,
    role: 'vendor',
    code: 'vendor_not_active',
    own: person.pharmacyId,
  })
  const driver = (name: string, person: DriverPerson): Stopped => ({
    name,
    person,
    role: 'driver',
    code: 'driver_not_member',
    own: person.driverId,
  })
  const stopped: Stopped[] = [
    pharmacy('pending', pending),
    pharmacy('rejected', rejected),
    pharmacy('suspended', old.vendor),
    driver('waiting', waiting),
    driver('let go', letGo),
    driver('driver of the suspended', old.driver),
  ]

  const callOf = async (row: AnyRoute): Promise<Call> =>
    (await rules[row.operationId]!.of?.(ids, 'stranger', world)) ?? {}
  async function ask(row: AnyRoute, who: Stopped, call: Call, more: Record<string, string> = {}) {
    const params = { ...defaultParams(row.path, ids), ...call.params, ...more }
    const path =
      row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) => params[name] || ids.order) +
      (call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`)
    const body = call.body ?? (row.body === undefined ? undefined : {})
    return http(url, row.method, path, {
      token: who.person.token,
      headers: call.headers ?? {},
      ...(body !== undefined && { body }),
    })
  }
  return {
    old,
    subscription,
    ids,
    shopAgain,
    secret,
    letGo,
    embedded,
    url,
    routes,
    admin,
    done,
    worked,
    pending,
    rejected,
    waiting,
    tickets,
    prescriptionLink,
    openedBefore,
    pharmacy,
    driver,
    stopped,
    callOf,
    ask,
  }
}
