/** The front page: how this server is, and the way to a delivery by its link. */
import { $, call, el, setText } from './app.js'

const names = { database: 'Database', bus: 'Bus', claims: 'Claims', engine: 'Engine' }
const everyMs = 5_000
const figures = engine => [
  ['Pharmacies', engine.pharmacies],
  ['Drivers', engine.drivers],
  ['Open requests', engine.open_requests],
  ['Deliveries under way', engine.deliveries],
  ['Positions accepted', engine.frames?.accepted],
]

async function showHealth() {
  const pill = $('health')
  try {
    const health = await call('GET', '/api/health')
    const well = health.status === 'healthy'
    setText(pill, well ? 'Healthy' : 'Degraded')
    pill.dataset.tone = well ? 'good' : 'warn'
    $('parts').replaceChildren(
      ...Object.entries(health.dependencies).map(([name, state]) =>
        el(
          'span',
          { class: 'pill', 'data-tone': state === 'up' ? 'good' : 'bad' },
          `${names[name] ?? name}: ${state}`,
        ),
      ),
    )
    if (health.engine)
      $('figures').replaceChildren(
        ...figures(health.engine).map(([name, value]) =>
          el('div', {}, el('dt', {}, name), el('dd', {}, (value ?? 0).toLocaleString())),
        ),
      )
    $('open-registration').hidden = health.registration !== 'open'
    setText($('version'), health.version === undefined ? '' : `Version ${health.version}`)
  } catch (error) {
    setText(pill, error.status === 0 ? 'Not reachable' : 'Unwell')
    pill.dataset.tone = 'bad'
  }
}

async function keepShowing() {
  if (!document.hidden) await showHealth()
  setTimeout(keepShowing, everyMs)
}
void keepShowing()

$('follow').addEventListener('submit', event => {
  event.preventDefault()
  const token = $('token')
    .value.trim()
    .split(/[/?#]/)
    .filter(part => part !== '')
    .at(-1)
  if (token) location.href = `/track/${encodeURIComponent(token)}`
})
