/** The front page: the health of this server, and the way to a delivery by its link. */
import { CaduceusError, RestClient } from '../../../protocol/client/index.ts'
import { showPill } from '../shared/connection-pill.ts'
import { byId, el, setText } from '../shared/elements.ts'

interface Health {
  status: string
  version?: string
  registration?: string
  dependencies: Record<string, string>
  engine?: {
    pharmacies?: number
    drivers?: number
    open_requests?: number
    deliveries?: number
    frames?: { accepted?: number }
  }
}

const names: Record<string, string> = {
  database: 'Database',
  bus: 'Bus',
  claims: 'Claims',
  engine: 'Engine',
}
const everyMs = 5_000
const api = new RestClient({ url: location.origin })

const figures = (engine: NonNullable<Health['engine']>): [string, number | undefined][] => [
  ['Pharmacies', engine.pharmacies],
  ['Drivers', engine.drivers],
  ['Open requests', engine.open_requests],
  ['Deliveries under way', engine.deliveries],
  ['Positions accepted', engine.frames?.accepted],
]

async function showHealth(): Promise<void> {
  const pill = byId('health')
  try {
    const health = await api.call<Health>('GET', '/api/health')
    const isWell = health.status === 'healthy'
    showPill(pill, isWell ? 'Healthy' : 'Degraded', isWell ? 'good' : 'warn')
    byId('parts').replaceChildren(
      ...Object.entries(health.dependencies).map(([name, state]) => {
        const look = { class: 'pill', 'data-tone': state === 'up' ? 'good' : 'bad' }
        return el('span', look, `${names[name] ?? name}: ${state}`)
      }),
    )
    if (health.engine !== undefined)
      byId('figures').replaceChildren(
        ...figures(health.engine).map(([name, value = 0]) =>
          el('div', {}, el('dt', {}, name), el('dd', {}, value.toLocaleString())),
        ),
      )
    byId('open-registration').hidden = health.registration !== 'open'
    setText(byId('version'), health.version === undefined ? '' : `Version ${health.version}`)
  } catch (error) {
    const isAway = error instanceof CaduceusError && error.code === 'unavailable'
    showPill(pill, isAway ? 'Not reachable' : 'Unwell', 'bad')
  }
}

async function keepShowing(): Promise<void> {
  if (!document.hidden) await showHealth()
  setTimeout(() => void keepShowing(), everyMs)
}
void keepShowing()

byId('follow').addEventListener('submit', event => {
  event.preventDefault()
  const parts = byId('token', HTMLInputElement).value.trim().split(/[/?#]/)
  const token = parts.findLast(part => part !== '')
  if (token !== undefined) location.href = `/track/${encodeURIComponent(token)}`
})
