/**
 * The operator's map. The demo opens it as `/live#token=…` (`&vendors=id,id` for some fleets only): a fragment never leaves the
 * browser. It is taken out of the address bar at once and kept for this tab. One socket per pharmacy,
 * because a fleet is the pharmacy's; all drivers land on one map.
 */
import { $, Account, call, connect, el, onSubmit, setText, showConnection } from './app.js'
import { CanvasMap, Gliding } from './map.js'

const account = new Account('operator')
const vendorsKey = 'caduceus.operator.vendors'
/** The server's bound for one account, and a map of more would be a map of nothing. */
const vendorsMax = 50
const rateWindowMs = 3_000
/** A driver not heard of for this long is drawn faintly. */
const quietMs = 30_000

const statuses = {
  available: ['Available', '#4fc3b8'],
  busy: ['Delivering', '#ffb454'],
  on_break: ['On a break', '#b69cff'],
  offline: ['Offline', '#5d7078'],
}

/** By driver id: status, and the position once there is one. */
const drivers = new Map()
const pharmacies = []
const sockets = []
const states = new Map()
let updates = []
let framed = false

const map = new CanvasMap($('map'), { label: 'Drivers on the road' })
map.draw = (context, _map, nowMs) => {
  for (const { latitude, longitude } of pharmacies) {
    const [x, y] = map.place(latitude, longitude)
    context.fillStyle = map.color('--map-text')
    context.fillRect(x - 4, y - 1, 8, 2)
    context.fillRect(x - 1, y - 4, 2, 8)
  }
  const near = map.pixelsPerKm > 25
  const size = near ? 5 : 3
  let moving = false
  for (const driver of drivers.values()) {
    if (driver.glide === null) continue
    if (driver.glide.at(nowMs)) moving = true
    const { latitude, longitude, heading } = driver.glide
    const [x, y] = map.place(latitude, longitude)
    if (x < -20 || y < -20 || x > map.width + 20 || y > map.height + 20) continue
    const color = (statuses[driver.status] ?? statuses.offline)[1]
    context.globalAlpha = nowMs - driver.heardMs > quietMs ? 0.4 : 1
    context.fillStyle = context.strokeStyle = color
    if (near && typeof heading === 'number') {
      const angle = (heading * Math.PI) / 180
      context.lineWidth = 2
      context.beginPath()
      context.moveTo(x, y)
      context.lineTo(x + Math.sin(angle) * 12, y - Math.cos(angle) * 12)
      context.stroke()
    }
    context.beginPath()
    context.arc(x, y, size, 0, 7)
    context.fill()
    // A short glow after each report: the eye sees the stream.
    const fresh = 1 - (nowMs - driver.heardMs) / 600
    if (fresh > 0 && !driver.still) {
      moving = true
      context.globalAlpha = 0.35 * fresh
      context.beginPath()
      context.arc(x, y, size + 7 * (1 - fresh) + 2, 0, 7)
      context.fill()
    }
  }
  context.globalAlpha = 1
  return moving
}

function take(member, isReport) {
  let driver = drivers.get(member.driver_id)
  if (driver === undefined)
    drivers.set(
      member.driver_id,
      (driver = { status: member.status, glide: null, heardMs: -Infinity, still: true }),
    )
  driver.status = member.status
  if (member.latitude === null) return
  const nowMs = performance.now()
  if (driver.glide === null) driver.glide = new Gliding(member)
  else driver.glide.report(member, nowMs)
  driver.heardMs = nowMs
  driver.still = !isReport
}

function onMessage(message) {
  if (message.type === 'driver_status') {
    take({ ...message, latitude: null }, false)
    map.redraw()
    return
  }
  if (message.type !== 'fleet' && message.type !== 'locations') return
  const isReport = message.type === 'locations'
  for (const member of message.drivers) take(member, isReport)
  if (isReport) updates.push([performance.now(), message.drivers.length])
  if (!framed) frame()
  map.redraw()
}

/** Once there is something to see, all of it is in view; after that the map is the operator's. */
function frame() {
  const points = [...drivers.values()]
    .filter(driver => driver.glide !== null)
    .map(driver => driver.glide.target)
  if (points.length + pharmacies.length === 0 || map.touched) return
  map.fit([...points, ...pharmacies])
  if (points.length > 0)
    setTimeout(() => {
      if (!framed) {
        framed = true
        frame()
      }
    }, 1_500)
}

$('legend').replaceChildren(
  ...Object.entries(statuses).flatMap(([status, [words, color]]) => {
    const dot = el('span', { class: 'dot', 'aria-hidden': 'true' })
    dot.style.background = color
    return [dot, el('span', {}, words), el('span', { class: 'count', id: `count-${status}` }, '0')]
  }),
)

setInterval(() => {
  const counts = { available: 0, busy: 0, on_break: 0, offline: 0 }
  let seen = 0
  for (const driver of drivers.values()) {
    counts[driver.status] = (counts[driver.status] ?? 0) + 1
    if (driver.glide !== null) seen++
  }
  for (const [status, count] of Object.entries(counts))
    if ($(`count-${status}`)) setText($(`count-${status}`), count.toLocaleString())
  const sinceMs = performance.now() - rateWindowMs
  updates = updates.filter(([atMs]) => atMs >= sinceMs)
  setText($('total'), seen.toLocaleString())
  setText(
    $('rate'),
    Math.round(
      updates.reduce((sum, [, count]) => sum + count, 0) / (rateWindowMs / 1000),
    ).toLocaleString(),
  )
}, 500)

function onState(vendorId, state, words) {
  states.set(vendorId, {
    state,
    words: state === 'connecting' ? (states.get(vendorId)?.words ?? '') : words,
  })
  const all = [...states.values()]
  const open = all.filter(one => one.state === 'open').length
  const ended = all.find(one => one.state === 'ended')
  // A second tab of the same account, most likely: the server's bound is per account.
  const reason = ended?.words ?? all.find(one => one.words === 'Too many connections')?.words
  if (open === all.length)
    showConnection(
      $('connection'),
      'open',
      `Live: ${open} ${open === 1 ? 'pharmacy' : 'pharmacies'}`,
    )
  else
    showConnection(
      $('connection'),
      ended === undefined ? 'waiting' : 'ended',
      `${open} of ${all.length} connected${reason === undefined ? '' : `: ${reason}`}`,
    )
  // The token is spent and there is none to replace it: nothing here will come back by itself.
  if (all.length > 0 && all.every(one => one.state === 'ended')) openGate()
}

function openMap(vendorIds) {
  $('gate').hidden = true
  $('counters').hidden = false
  stopAll()
  for (const id of vendorIds.slice(0, vendorsMax)) {
    states.set(id, { state: 'connecting', words: '' })
    sockets.push(
      connect(`/ws/vendor/${encodeURIComponent(id)}`, {
        account,
        onMessage,
        onState: (state, words) => onState(id, state, words),
      }),
    )
  }
  void showPharmacies(new Set(vendorIds))
}

function stopAll() {
  for (const socket of sockets.splice(0)) socket.stop()
  states.clear()
  drivers.clear()
  framed = false
}

async function showPharmacies(ids) {
  try {
    const { vendors } = await account.call('GET', '/api/vendors?limit=200')
    pharmacies.splice(0, pharmacies.length, ...vendors.filter(vendor => ids.has(vendor.id)))
    frame()
    map.redraw()
  } catch {
    /* the drivers are what matters */
  }
}

function openGate() {
  stopAll()
  $('gate').hidden = false
  $('counters').hidden = true
}
account.onSignedOut = openGate

onSubmit($('login'), async values => {
  const answer = await call('POST', '/api/auth/login', { body: values })
  if (!['vendor', 'admin'].includes(answer.user.role))
    throw new Error('Only pharmacies and admins see a fleet')
  account.keep(answer)
  if (answer.user.role === 'admin') return openCity()
  sessionStorage.setItem(vendorsKey, answer.user.vendor_id)
  openMap([answer.user.vendor_id])
})

/** An administrator's map: the active pharmacies, newest first, as many as one account may watch. */
async function openCity() {
  const { vendors } = await account.call('GET', `/api/vendors?limit=${vendorsMax}&is_active=true`)
  if (vendors.length === 0) throw new Error('There is no pharmacy yet')
  openMap(vendors.map(vendor => vendor.id))
}

/** From the fragment, or from this tab's memory after a reload. */
function begin() {
  const given = new URLSearchParams(location.hash.slice(1))
  const token = given.get('token')
  if (token) {
    account.keep({
      access_token: token,
      refresh_token: given.get('refresh') ?? undefined,
      user: null,
    })
    sessionStorage.setItem(vendorsKey, given.get('vendors') ?? '')
    history.replaceState(null, '', location.pathname)
  }
  const ids = (sessionStorage.getItem(vendorsKey) ?? '').split(',').filter(id => id !== '')
  if (!account.signedIn) openGate()
  else if (ids.length > 0) openMap(ids)
  else openCity().catch(openGate)
}
addEventListener('hashchange', begin)
begin()
