/** The customer's page: ask the pharmacies around a place, see who answers, watch the driver come. */
import {
  $,
  Account,
  call,
  clock,
  connect,
  el,
  fillPractice,
  kilometres,
  minutes,
  newId,
  onSubmit,
  practiceName,
  remaining,
  setText,
  showConnection,
} from './app.js'
import { player, sendFile } from './files.js'
import { openOrders, PastOrders } from './order-lists.js'
import { CanvasMap, drawCircle, drawDriver, drawPin, Gliding } from './map.js'
import { factsOf, hasEnded } from './statuses.js'

const account = new Account('customer')
const form = $('ask')
/** My requests by id: the view, its card, the pharmacies that answered, the driver on the map. */
const orders = new Map()
/** Pharmacies to draw, so that a radius can be judged. */
let pharmacies = []
let socket = null
/** The orders that are over, read page by page. */
let past = null
/** The order that the map follows. */
let followed = null

// Signing in

function openGate() {
  $('gate').hidden = false
  $('desk').hidden = $('signed').hidden = true
}

$('practice').addEventListener('click', () =>
  fillPractice($('register'), {
    full_name: 'Asha Practice',
    email: `${practiceName('customer')}@example.org`,
    phone: '+977-1-5550123',
    password: newId().slice(0, 12),
  }),
)

onSubmit($('login'), async values => {
  const answer = await call('POST', '/api/auth/login', { body: values })
  if (answer.user.role !== 'user') throw new Error("This account is not a customer's")
  account.keep(answer)
  openDesk()
})

onSubmit($('register'), async values => {
  account.keep(await call('POST', '/api/auth/register', { body: { ...values, role: 'user' } }))
  openDesk()
})

$('sign-out').addEventListener('click', () => account.signOut())
account.onSignedOut = () => {
  socket?.stop()
  socket = followed = null
  for (const order of orders.values()) order.card.remove()
  orders.clear()
  $('orders-part').hidden = $('past-part').hidden = true
  openGate()
}

// The map and the form

let map = null
const placeKey = 'caduceus.place'

function chosen() {
  const { latitude, longitude } = form.elements
  return latitude.value === '' || longitude.value === ''
    ? null
    : { latitude: Number(latitude.value), longitude: Number(longitude.value) }
}

function choose(point) {
  form.elements.latitude.value = point.latitude.toFixed(5)
  form.elements.longitude.value = point.longitude.toFixed(5)
  sessionStorage.setItem(placeKey, JSON.stringify(point))
  followed = null
  map.redraw()
}

function showRadius() {
  const point = chosen()
  const radiusKm = Number(form.elements.radius_km.value)
  setText($('radius-shown'), `${radiusKm} km`)
  if (point === null) return
  const north = radiusKm / 111.195
  const east = north / Math.max(0.05, Math.cos((point.latitude * Math.PI) / 180))
  map.fit(
    [
      { latitude: point.latitude - north, longitude: point.longitude - east },
      { latitude: point.latitude + north, longitude: point.longitude + east },
    ],
    { paddingPx: 20 },
  )
}

function openMap() {
  if (map !== null) return
  map = new CanvasMap($('map'), {
    label: 'Where to deliver, and the pharmacies around',
    picks: true,
  })
  map.draw = draw
  map.onPick = choose
  form.elements.radius_km.addEventListener('input', () => {
    followed = null
    showRadius()
  })
  for (const name of ['latitude', 'longitude'])
    form.elements[name].addEventListener('change', () => {
      const point = chosen()
      if (point === null) return
      choose(point)
      showRadius()
    })
}

/** Where the last request was; otherwise beside the newest pharmacy, so that a first request has somebody to hear it. */
async function firstPlace() {
  let stored = null
  try {
    stored = JSON.parse(sessionStorage.getItem(placeKey))
  } catch {
    /* no place then */
  }
  try {
    ;({ vendors: pharmacies } = await account.call('GET', '/api/vendors?limit=200&is_active=true'))
  } catch {
    /* a map without pharmacies still takes a request */
  }
  const near = pharmacies[0]
  if (chosen() === null)
    choose(
      stored ??
        (near === undefined
          ? map.center
          : { latitude: near.latitude - 0.006, longitude: near.longitude - 0.009 }),
    )
  showRadius()
}

$('here').addEventListener('click', () =>
  navigator.geolocation?.getCurrentPosition(
    ({ coords }) => {
      choose(coords)
      showRadius()
    },
    () =>
      setText(
        form.querySelector('.error'),
        'The browser does not tell the position; choose it on the map.',
      ),
  ),
)

function draw(context, _map, nowMs) {
  let moving = false
  for (const { latitude, longitude } of pharmacies) {
    const [x, y] = map.place(latitude, longitude)
    context.fillStyle = map.color('--map-text')
    context.globalAlpha = 0.7
    context.fillRect(x - 3, y - 1, 6, 2)
    context.fillRect(x - 1, y - 3, 2, 6)
    context.globalAlpha = 1
  }
  const order = orders.get(followed)
  if (order === undefined) {
    const point = chosen()
    if (point !== null) {
      drawCircle(context, map, point, Number(form.elements.radius_km.value))
      drawPin(context, map, point, { color: '--dropoff', shape: 'home' })
    }
    return false
  }
  const { view } = order
  const home = { latitude: view.delivery_latitude, longitude: view.delivery_longitude }
  if (view.status === 'pending' && view.radius_km !== null)
    drawCircle(context, map, home, view.radius_km)
  drawPin(context, map, home, { color: '--dropoff', shape: 'home' })
  for (const answer of order.answers.values())
    if (answer.place !== null)
      drawPin(context, map, answer.place, {
        color: answer.response_type === 'ACCEPTED' ? '--pickup' : '--map-text',
        shape: 'cross',
        label: answer.name,
      })
  if (order.driver !== null) {
    order.driver.at(nowMs)
    drawDriver(context, map, order.driver, nowMs, view.driver_name ?? 'Driver')
    moving = true
  }
  return moving
}

/** Puts the whole delivery on the map, unless the user has moved it. */
function follow(order, anew = false) {
  if (anew) {
    followed = order.view.id
    map.touched = false
  }
  if (followed !== order.view.id || map.touched) return
  const { view } = order
  const points = [{ latitude: view.delivery_latitude, longitude: view.delivery_longitude }]
  if (view.pickup_latitude !== null)
    points.push({ latitude: view.pickup_latitude, longitude: view.pickup_longitude })
  if (order.driver !== null) points.push(order.driver.target)
  for (const { place } of order.answers.values()) if (place !== null) points.push(place)
  if (points.length > 1) map.fit(points)
  map.redraw()
}

// Asking

onSubmit(
  form,
  async ({
    latitude,
    longitude,
    radius_km,
    medicine,
    quantity,
    notes,
    prescription,
    expires_in_seconds,
  }) => {
    const prescription_url = await sendFile(account, 'prescription', prescription)
    const answer = await account.call('POST', '/api/requests', {
      key: newId(),
      body: {
        latitude: Number(latitude),
        longitude: Number(longitude),
        radius_km: Number(radius_km),
        quantity: Number(quantity),
        items: [{ name: medicine, quantity: Number(quantity) }],
        ...(notes !== '' && { notes }),
        ...(prescription_url !== null && { prescription_url }),
        expires_in_seconds: Number(expires_in_seconds),
      },
    })
    // The next request has its own.
    form.elements.prescription.value = ''
    const order = show(answer.data)
    showRadius()
    if (order !== undefined) follow(order, true)
    setText(
      $('said'),
      answer.pharmacies_notified === 0
        ? 'No pharmacy within the radius.'
        : `Asked ${answer.pharmacies_notified} ${answer.pharmacies_notified === 1 ? 'pharmacy' : 'pharmacies'}.`,
    )
  },
)

// My requests

function openDesk() {
  $('gate').hidden = true
  $('desk').hidden = $('signed').hidden = false
  setText($('who'), account.user.full_name)
  openMap()
  void firstPlace()
  socket = connect('/ws/customer/', {
    account,
    onMessage,
    onState(state, words, code) {
      showConnection($('connection'), state, words)
      if (state === 'open') void loadOrders()
      if (state === 'ended' && (code === 0 || code === 4001)) account.signOut()
      else if (state === 'ended') setText($('said'), words)
    },
  })
}

/** Every order that is open, however many are newer, and the last of those that are over. */
async function loadOrders() {
  try {
    past = new PastOrders(account, '/api/orders')
    await showOlder()
    const list = await openOrders(account, '/api/orders')
    for (const view of list) show(view)
    const running = list.at(-1)
    if (running !== undefined && followed === null) follow(orders.get(running.id), true)
  } catch (error) {
    setText($('said'), error.message)
  }
}

async function showOlder() {
  for (const view of await past.more()) show(view, true)
  $('older').hidden = past.done
}
$('older').addEventListener('click', () =>
  showOlder().catch(error => setText($('said'), error.message)),
)

async function refresh(id) {
  try {
    const order = show(await account.call('GET', `/api/orders/${id}`))
    if (order !== undefined) follow(order)
  } catch (error) {
    setText($('said'), error.message)
  }
}

function onMessage(message) {
  switch (message.type) {
    case 'pharmacy_response':
      onResponse(message)
      break
    case 'request_expired':
      setText($('said'), message.message)
      void refresh(message.request_id)
      break
    case 'status':
      void refresh(message.order_id)
      break
    case 'location':
      onLocation(message)
      break
  }
}

function onResponse(message) {
  const order = orders.get(message.request_id)
  if (order === undefined) return
  order.answers.set(message.pharmacy_id, {
    name: message.pharmacy_name,
    response_type: message.response_type,
    text: message.text_message,
    audio: message.audio_url,
    distanceKm: message.distance_km,
    place: { latitude: message.pharmacy_location.lat, longitude: message.pharmacy_location.lng },
  })
  setText(
    $('said'),
    `${message.pharmacy_name} ${message.response_type === 'ACCEPTED' ? 'accepted' : 'declined'}.`,
  )
  showAnswers(order)
  follow(order)
}

function onLocation(message) {
  const order = orders.get(message.order_id)
  if (order === undefined) return
  const first = order.driver === null
  if (first) order.driver = new Gliding(message)
  else order.driver.report(message)
  setText(order.eta, `${minutes(message.eta_minutes)}, ${kilometres(message.distance_km)} to go`)
  order.eta.hidden = false
  if (first) follow(order)
  map.redraw()
}

/** `older`: of a page of the past, which goes below what is there. */
function show(view, older = false) {
  let order = orders.get(view.id)
  if (order === undefined) {
    order = { answers: new Map(), driver: null, version: -1 }
    order.pill = el('span', { class: 'pill' })
    order.time = el('span', { class: 'small soft number' })
    order.list = el('ul', { class: 'small' })
    order.eta = el('p', { class: 'big', hidden: true })
    order.who = el('p', { class: 'small' })
    order.error = el('p', { class: 'error', role: 'alert' })
    order.cancel = el(
      'button',
      { type: 'button', class: 'plain', onclick: () => cancel(order) },
      'Cancel',
    )
    order.track = el(
      'a',
      {
        class: 'button quiet',
        target: '_blank',
        rel: 'noopener',
        href: `/track/${encodeURIComponent(view.tracking_token)}`,
      },
      'Tracking link',
    )
    order.card = el(
      'li',
      { class: 'card', 'data-order': view.id },
      el('div', { class: 'row spread' }, order.pill, order.time),
      el(
        'p',
        {},
        view.items.map(item => `${item.quantity} × ${item.name}`).join(', ') ||
          `Quantity ${view.quantity ?? 1}`,
      ),
      order.eta,
      order.who,
      order.list,
      order.error,
      el(
        'div',
        { class: 'row' },
        el(
          'button',
          { type: 'button', class: 'quiet', onclick: () => follow(order, true) },
          'Show on the map',
        ),
        order.track,
        order.cancel,
      ),
    )
    orders.set(view.id, order)
  }
  if (order.version > view.version) return order
  order.version = view.version
  order.view = view
  for (const response of view.responses)
    if (!order.answers.has(response.vendor_id)) {
      const known = pharmacies.find(p => p.id === response.vendor_id)
      const won = response.vendor_id === view.vendor_id
      order.answers.set(response.vendor_id, {
        name: (won ? view.vendor_name : known?.business_name) ?? 'A pharmacy',
        response_type: response.response_type,
        text: response.text_message,
        audio: response.audio_url,
        distanceKm: null,
        place:
          won && view.pickup_latitude !== null
            ? { latitude: view.pickup_latitude, longitude: view.pickup_longitude }
            : (known ?? null),
      })
    }
  order.card.dataset.status = view.status
  const list = $(hasEnded(view.status) ? 'past' : 'orders')
  if (order.card.parentElement !== list) {
    if (older) list.append(order.card)
    else list.prepend(order.card)
  }
  for (const one of ['orders', 'past']) $(`${one}-part`).hidden = $(one).childElementCount === 0
  order.card.dataset.state =
    hasEnded(view.status) && view.status !== 'delivered'
      ? 'closed'
      : view.status === 'delivered'
        ? 'won'
        : 'open'
  setText(order.pill, factsOf(view.status)?.label ?? view.status)
  order.pill.dataset.tone = factsOf(view.status)?.tone ?? ''
  setText(
    order.who,
    view.driver_name === null
      ? view.vendor_name === null
        ? `${view.pharmacies_notified ?? 0} asked`
        : view.vendor_name
      : `${view.vendor_name}, brought by ${view.driver_name}`,
  )
  order.cancel.hidden = !factsOf(view.status)?.cancellable
  order.track.hidden = view.vendor_id === null
  if (!factsOf(view.status)?.heading) {
    order.driver = null
    order.eta.hidden = true
  }
  showAnswers(order)
  tick(order)
  map?.redraw()
  return order
}

function showAnswers(order) {
  order.list.replaceChildren(
    ...[...order.answers.values()].map(({ name, response_type, text, audio, distanceKm }) =>
      el(
        'li',
        {},
        el('strong', {}, name),
        ` ${response_type === 'ACCEPTED' ? 'accepted' : 'declined'}`,
        distanceKm === null ? '' : `, ${kilometres(distanceKm)} away`,
        text ? `: “${text}”` : '',
        audio ? ' ' : '',
        audio ? player(account, 'Play the answer', audio) : null,
      ),
    ),
  )
}

async function cancel(order) {
  order.cancel.disabled = true
  setText(order.error, '')
  try {
    show(await account.call('DELETE', `/api/orders/${order.view.id}`))
  } catch (error) {
    setText(order.error, error.message)
  } finally {
    order.cancel.disabled = false
  }
}

function tick({ view, time }) {
  const leftMs = view.expires_at === null ? 0 : Date.parse(view.expires_at) - Date.now()
  setText(
    time,
    view.status === 'pending' && leftMs > 0 ? `${remaining(leftMs)} left` : clock(view.created_at),
  )
}
setInterval(() => {
  for (const order of orders.values()) tick(order)
}, 500)

if (account.signedIn) openDesk()
else openGate()
