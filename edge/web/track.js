/**
 * The public tracking page: whoever has the link sees the delivery and no more of its people than a
 * first name. Lives on the socket; where a network lets none through, it asks every few seconds.
 */
import { $, call, clock, connect, el, kilometres, minutes, setText, showConnection } from './app.js'
import { CanvasMap, drawDriver, drawPin, Gliding } from './map.js'
import { factsOf, hasEnded, orderStatuses, statusTable } from './statuses.js'

const token = decodeURIComponent(location.pathname.split('/').at(-1))
const pollMs = 5_000
/** A position older than this is said to be old. */
const staleMs = 60_000

const steps = orderStatuses
  .filter(status => statusTable[status].step !== null)
  .map(status => [status, statusTable[status].step])

let state = null
let driver = null
let seenAtMs = null
let polling = 0
let asked = 0

const map = new CanvasMap($('map'), { label: 'The way of the delivery' })
map.draw = (context, _map, nowMs) => {
  if (state === null) return false
  const { order } = state
  if (order.pickup_latitude !== null)
    drawPin(context, map, pickup(order), {
      color: '--pickup',
      shape: 'cross',
      label: order.pharmacy_name ?? '',
    })
  drawPin(context, map, dropoff(order), { color: '--dropoff', shape: 'home' })
  if (driver === null) return false
  driver.at(nowMs)
  drawDriver(context, map, driver, nowMs, order.driver_name ?? 'Driver')
  return true
}
const pickup = order => ({ latitude: order.pickup_latitude, longitude: order.pickup_longitude })
const dropoff = order => ({
  latitude: order.delivery_latitude,
  longitude: order.delivery_longitude,
})

/** Everything that matters in view, unless the user has moved the map. */
function frame() {
  if (map.touched) return
  const { order } = state
  map.fit([
    dropoff(order),
    ...(order.pickup_latitude === null ? [] : [pickup(order)]),
    ...(driver === null ? [] : [driver.target]),
  ])
}

function showState(next) {
  const first = state === null
  const hadDriver = driver !== null
  state = next
  const { order, driver_location: at } = state
  setText($('number'), order.order_number)
  setText($('headline'), factsOf(order.status)?.headline ?? order.status)
  document.title = `${factsOf(order.status)?.headline ?? 'Delivery'} · Caduceus`
  setText(
    $('subline'),
    [
      order.pharmacy_name === null ? null : `From ${order.pharmacy_name}`,
      order.driver_name === null ? null : `brought by ${order.driver_name}`,
      order.customer_name === '' ? null : `for ${order.customer_name}`,
    ]
      .filter(part => part !== null)
      .join(', '),
  )
  showSteps(order)
  if (at === null) {
    driver = null
    seenAtMs = null
  } else showDriver(at, Date.parse(at.last_update))
  showFigures(state.eta_minutes, state.distance_km)
  if (first || hadDriver !== (driver !== null)) frame()
  map.redraw()
  if (hasEnded(order.status)) clearInterval(polling)
}

function showDriver(at, atMs) {
  seenAtMs = atMs
  if (driver === null) driver = new Gliding(at)
  else driver.report(at)
}

/** Both count to the door, before the pick-up by way of the pharmacy. */
function showFigures(eta, km) {
  $('figures').hidden = hasEnded(state.order.status)
  setText($('eta'), minutes(eta))
  setText($('distance'), kilometres(km))
  showSeen()
}

function showSeen() {
  if (seenAtMs === null) {
    setText($('seen'), '')
    return
  }
  const ageMs = Date.now() - seenAtMs
  setText(
    $('seen'),
    ageMs > staleMs
      ? `The driver was last seen ${Math.round(ageMs / 60_000)} min ago`
      : "The driver's position is live",
  )
}
setInterval(showSeen, 5_000)

function showSteps(order) {
  const reached = steps.findIndex(([status]) => status === order.status)
  const item = (words, at, progress) =>
    el(
      'li',
      { 'data-state': progress, 'aria-current': progress === 'now' ? 'step' : null },
      words,
      at ? el('time', { datetime: at }, clock(at)) : null,
    )
  if (reached >= 0) {
    $('steps').replaceChildren(
      ...steps.map(([status, words], i) =>
        item(
          words,
          order[statusTable[status].reachedAt],
          i < reached || order.status === 'delivered' ? 'done' : i === reached ? 'now' : 'ahead',
        ),
      ),
    )
    return
  }
  // It left the usual way: what is known to have happened, then how it ended.
  const happened = steps.filter(([status]) => order[statusTable[status].reachedAt])
  $('steps').replaceChildren(
    ...happened.map(([status, words]) => item(words, order[statusTable[status].reachedAt], 'done')),
    item(factsOf(order.status)?.headline ?? order.status, null, 'bad'),
  )
}

async function ask() {
  const mine = ++asked
  try {
    const answer = await call('GET', `/api/tracking/${encodeURIComponent(token)}`)
    // An answer that was overtaken by newer news would turn the page back for a moment.
    if (mine === asked) showState(answer)
    return true
  } catch (error) {
    if (error.status === 404 || error.status === 410) showGone()
    return false
  }
}

function showGone() {
  $('delivery').hidden = true
  $('gone').hidden = false
  $('connection').hidden = true
  clearInterval(polling)
}

function onMessage(message) {
  switch (message.type) {
    case 'state':
      showState(message)
      break
    case 'status':
      if (state !== null) showState({ ...state, order: { ...state.order, status: message.status } })
      // Names and times come with the whole state.
      void ask()
      break
    case 'location': {
      if (state === null) break
      const isNew = driver === null
      showDriver(message, Date.parse(message.at))
      showFigures(message.eta_minutes, message.distance_km)
      if (isNew) frame()
      map.redraw()
      break
    }
  }
}

connect(`/ws/tracking/${encodeURIComponent(token)}`, {
  onMessage,
  onState(now, words, code) {
    showConnection($('connection'), now, words)
    if (code === 4004) showGone()
    else if (now === 'open' || now === 'connecting') {
      if (now === 'open') {
        clearInterval(polling)
        polling = 0
      }
    } else if (polling === 0) {
      void ask()
      polling = setInterval(ask, pollMs)
    }
  },
})
