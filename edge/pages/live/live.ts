/**
 * The operator's map. The demo opens it as `/live#token=…` (with `&vendors=id,id` for these fleets
 * only), because a fragment never leaves the browser. The fragment is removed from the address bar
 * at once and kept for this tab.
 */
import { byId } from '../shared/elements.ts'
import { onSubmit, textsOf } from '../shared/forms.ts'
import { listPharmacies } from '../shared/pharmacies.ts'
import { Session } from '../shared/session.ts'
import { Counters } from './counters.ts'
import { FleetMap } from './fleet-map.ts'
import { Fleets, fleetsMax } from './fleets.ts'

const session = new Session('operator')
const pharmaciesKey = 'caduceus.operator.vendors'
const pharmaciesShown = 200
const map = new FleetMap()
const counters = new Counters(map)
const fleets = new Fleets(session, {
  onMember: (member, isReport) => map.take(member, isReport),
  onReports: count => counters.note(count),
  onChange: () => map.show(),
  onAllEnded: openGate,
})

function openMap(pharmacyIds: readonly string[]): void {
  byId('gate').hidden = true
  byId('counters').hidden = false
  map.clear()
  fleets.open(pharmacyIds)
  void showPharmacies(new Set(pharmacyIds))
}

async function showPharmacies(ids: ReadonlySet<string>): Promise<void> {
  try {
    const pharmacies = await listPharmacies(session.api, { limit: pharmaciesShown })
    map.setPharmacies(pharmacies.filter(pharmacy => ids.has(pharmacy.id)))
  } catch {
    // The map works without pharmacies; the drivers matter.
  }
}

function openGate(): void {
  fleets.close()
  map.clear()
  byId('gate').hidden = false
  byId('counters').hidden = true
}
session.onSignedOut = openGate

onSubmit(byId('login', HTMLFormElement), async data => {
  const { email = '', password = '' } = textsOf(data)
  const { role, vendor_id } = await session.enter(
    api => api.login(email, password),
    ['vendor', 'admin'],
    'Only pharmacies and admins see a fleet',
  )
  if (role === 'admin') return openCity()
  sessionStorage.setItem(pharmaciesKey, vendor_id ?? '')
  openMap([vendor_id ?? ''])
})

/**
 * An administrator's map: the active pharmacies, newest first, up to the number that one account
 * may watch.
 */
async function openCity(): Promise<void> {
  const pharmacies = await listPharmacies(session.api, { limit: fleetsMax, isActive: true })
  if (pharmacies.length === 0) throw new Error('There is no pharmacy yet')
  openMap(pharmacies.map(pharmacy => pharmacy.id))
}

/** Reads the fragment, or this tab's memory after a reload. */
function begin(): void {
  const given = new URLSearchParams(location.hash.slice(1))
  const access_token = given.get('token') ?? ''
  const refresh_token = given.get('refresh') ?? ''
  if (access_token !== '') {
    session.enterWith({ access_token, ...(refresh_token !== '' && { refresh_token }) })
    sessionStorage.setItem(pharmaciesKey, given.get('vendors') ?? '')
    history.replaceState(null, '', location.pathname)
  }
  const ids = (sessionStorage.getItem(pharmaciesKey) ?? '').split(',').filter(id => id !== '')
  if (!session.isSignedIn) openGate()
  else if (ids.length > 0) openMap(ids)
  else openCity().catch(openGate)
}
addEventListener('hashchange', begin)
begin()
