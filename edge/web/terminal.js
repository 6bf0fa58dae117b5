/**
 * A pharmacy's terminal. A card per open request; a click answers over the socket, and whatever
 * becomes of the answer (won, lost, no answer, no connection) ends the button's waiting: a button
 * that hangs is how pharmacies stop trusting a terminal.
 */
import {
  $,
  Account,
  call,
  clock,
  connect,
  el,
  fillPractice,
  kilometres,
  newId,
  onSubmit,
  practiceName,
  remaining,
  setText,
  showConnection,
} from './app.js'
import { fileLink } from './files.js'
import { CanvasMap, drawPin } from './map.js'
import { openOrders, PastOrders } from './order-lists.js'
import { PracticeDriver } from './practice-driver.js'
import { moveNews, Standing } from './standing.js'
import { factsOf, hasEnded } from './statuses.js'

const account = new Account('pharmacy')
/** The server decides within nine seconds or says that it could not. */
const answerMs = 10_000
/** After a reconnection the server repeats what is open; what it has not repeated by then is over. */
const resyncMs = 3_000
const closedShownMs = 10_000
/** A request that was won goes on among our deliveries. */
const wonShownMs = 2_500

/** Open requests by id. */
const requests = new Map()
/** Orders that are ours, by id. */
const orders = new Map()
let socket = null
let practice = null
/** The orders that are over, read page by page. */
let past = null
/** Why the pharmacy may not work, for as long as that is so. */
const standing = new Standing(account, () => openDesk())

// Signing in

let place = null
function openGate() {
  $('gate').hidden = false
  $('desk').hidden = $('signed').hidden = true
  place ??= placeMap()
}

function placeMap() {
  const map = new CanvasMap($('place'), { label: 'Where the pharmacy is', picks: true })
  const form = $('register')
  const chosen = () => {
    const [latitude, longitude] = [form.elements.latitude.value, form.elements.longitude.value]
    return latitude === '' || longitude === ''
      ? null
      : { latitude: Number(latitude), longitude: Number(longitude) }
  }
  map.draw = context => {
    const point = chosen()
    if (point !== null) drawPin(context, map, point, { color: '--pickup', shape: 'cross' })
  }
  map.onPick = point => {
    form.elements.latitude.value = point.latitude.toFixed(5)
    form.elements.longitude.value = point.longitude.toFixed(5)
    map.redraw()
  }
  form.addEventListener('input', () => {
    const point = chosen()
    if (point !== null && !map.touched) map.center = point
    map.redraw()
  })
  return map
}

$('practice').addEventListener('click', () => {
  const { latitude, longitude } = place.center
  fillPractice($('register'), {
    business_name: 'Corner Pharmacy',
    email: `${practiceName('pharmacy')}@example.org`,
    phone: '+977-1-5550100',
    password: newId().slice(0, 12),
    latitude: latitude.toFixed(5),
    longitude: longitude.toFixed(5),
  })
  place.redraw()
})

onSubmit($('login'), async values => {
  const answer = await call('POST', '/api/auth/login', { body: values })
  if (answer.user.role !== 'vendor') throw new Error("This account is not a pharmacy's")
  account.keep(answer)
  openDesk()
})

onSubmit($('register'), async ({ address, ...values }) => {
  account.keep(
    await call('POST', '/api/vendors/register', {
      body: {
        ...values,
        ...(address !== '' && { address }),
        latitude: Number(values.latitude),
        longitude: Number(values.longitude),
      },
    }),
  )
  openDesk()
})

$('sign-out').addEventListener('click', () => account.signOut())
account.onSignedOut = () => {
  socket?.stop()
  practice?.stop()
  socket = practice = null
  standing.hide()
  for (const request of requests.values()) request.card.remove()
  for (const order of orders.values()) order.card.remove()
  requests.clear()
  orders.clear()
  openGate()
}

// The desk

function openDesk() {
  $('gate').hidden = true
  $('desk').hidden = $('signed').hidden = false
  setText($('who'), account.user.full_name)
  socket = connect('/ws/pharmacy/', {
    account,
    onMessage,
    onState(state, words, code) {
      showConnection($('connection'), state, words)
      if (state !== 'open')
        for (const request of requests.values())
          settle(request, 'The connection was lost; try again when it is back.')
      if (state === 'open') resync()
      if (state === 'ended' && (code === 0 || code === 4001)) account.signOut()
      else if (state === 'ended') void sayWhy(words)
    },
  })
  showCounts()
}

/** The server closed for good: a decision is told in words, anything else as the server said it. */
async function sayWhy(words) {
  for (const request of requests.values()) close(request, 'No longer open')
  const said = await standing.show().catch(() => false)
  setText($('news'), said ? '' : words)
}

/** What was open before the connection broke and is not said again has ended meanwhile. */
function resync() {
  for (const request of requests.values()) request.stale = true
  setTimeout(() => {
    for (const request of requests.values()) if (request.stale) close(request, 'No longer open')
  }, resyncMs)
  void loadOrders()
}

/** Every order of ours that is open, however many are newer, and the last of those that are over. */
async function loadOrders() {
  const path = `/api/vendors/${account.user.vendor_id}/orders`
  const isOurs = order => order.vendor_id === account.user.vendor_id
  try {
    for (const order of (await openOrders(account, path)).filter(isOurs)) showOrder(order)
    past = new PastOrders(account, path)
    await showOlder()
  } catch (error) {
    setText($('news'), error.message)
  }
}

async function showOlder() {
  for (const order of await past.more())
    if (order.vendor_id === account.user.vendor_id) showOrder(order, true)
  $('older').hidden = past.done
}
$('older').addEventListener('click', () =>
  showOlder().catch(error => setText($('news'), error.message)),
)

function onMessage(message) {
  switch (message.type) {
    case 'connection':
      setText($('who'), message.pharmacy_name)
      setText($('news'), '')
      standing.hide()
      break
    case 'approval':
      setText($('news'), moveNews(message))
      break
    case 'new_request':
      showRequest(message)
      break
    case 'request_taken':
      closeById(message.request_id, 'Taken by another pharmacy')
      break
    case 'request_expired':
      closeById(message.request_id, 'Expired')
      break
    case 'request_cancelled':
      closeById(message.request_id, 'Cancelled by the customer')
      break
    case 'response_result':
      onResult(message)
      break
    case 'new_order':
    case 'status':
      void refreshOrder(message.order_id)
      break
    case 'driver_search_ended':
      tellOrder(
        message.order_id,
        'No driver took it. Search again, or send the practice driver out.',
      )
      break
    case 'error':
      setText($('news'), message.message)
      break
  }
}

// Open requests

function showRequest(message) {
  const known = requests.get(message.request_id)
  if (known !== undefined) {
    known.stale = false
    return
  }
  const expiresAtMs = Date.parse(message.expires_at)
  const totalMs = Math.max(1, expiresAtMs - Date.parse(message.timestamp))
  const request = {
    id: message.request_id,
    expiresAtMs,
    totalMs,
    stale: false,
    waiting: null,
    state: 'open',
  }
  const words = message.items.map(item => el('li', {}, `${item.quantity} × ${item.name}`))
  if (words.length === 0 && message.quantity !== null)
    words.push(el('li', {}, `Quantity ${message.quantity}`))
  const textId = `text-${request.id}`
  request.note = el('p', { class: 'small soft', role: 'status' })
  request.time = el('span', { class: 'number' })
  request.bar = el('progress', { max: '1', 'aria-label': 'Time left' })
  request.text = el('input', {
    id: textId,
    maxlength: '1000',
    autocomplete: 'off',
    placeholder: 'In stock, ready in 10 minutes',
  })
  request.accept = el(
    'button',
    { type: 'button', onclick: () => answer(request, 'ACCEPTED') },
    'Accept',
  )
  request.reject = el(
    'button',
    { type: 'button', class: 'quiet', onclick: () => answer(request, 'REJECTED') },
    'Reject',
  )
  request.form = el(
    'div',
    {},
    el(
      'div',
      { class: 'field' },
      el('label', { for: textId }, 'Message ', el('span', { class: 'soft' }, 'optional')),
      request.text,
    ),
    el('div', { class: 'row' }, request.accept, request.reject),
  )
  request.card = el(
    'li',
    { class: 'card', 'data-request': request.id, 'data-state': 'open' },
    el(
      'div',
      { class: 'row spread' },
      el('span', { class: 'big' }, roughly(message.distance_km)),
      request.time,
    ),
    request.bar,
    el('h3', {}, message.patient_name),
    message.patient_phone ? el('p', { class: 'small soft' }, message.patient_phone) : null,
    words.length > 0 ? el('ul', {}, ...words) : null,
    message.notes ? el('p', {}, message.notes) : null,
    message.image_url ? el('p', {}, prescription(request.id, message.image_url)) : null,
    request.form,
    request.note,
  )
  requests.set(request.id, request)
  $('requests').prepend(request.card)
  setText($('heard'), `New request, ${roughly(message.distance_km)} away: ${message.patient_name}`)
  tick(request)
  showCounts()
}

/** Of an open request the distance is known to 100 m. */
const roughly = km => `${km.toFixed(1)} km`

/** By a link of this very minute. */
const prescription = (id, address) =>
  fileLink(
    'Prescription',
    address,
    async () => (await account.call('GET', `/api/orders/${id}`)).prescription_url,
  )

function answer(request, response_type) {
  const text = request.text.value.trim()
  // The same id for the same answer: pressing again after a lost reply cannot count twice.
  const id = `${response_type}:${request.id}`
  const sent = socket.send({
    type: 'respond',
    request_id: request.id,
    response_type,
    id,
    ...(text !== '' && { text_message: text }),
  })
  if (!sent) {
    setText(request.note, 'Not connected; try again when the terminal is live.')
    return
  }
  request.accept.disabled = request.reject.disabled = true
  setText(request.note, response_type === 'ACCEPTED' ? 'Accepting…' : 'Rejecting…')
  request.answering = response_type
  request.waiting = setTimeout(
    () => settle(request, 'No answer in time; try again. It counts once.'),
    answerMs,
  )
}

/** Whatever happened, the buttons work again. */
function settle(request, words) {
  if (request.waiting === null) return
  clearTimeout(request.waiting)
  request.waiting = null
  request.accept.disabled = request.reject.disabled = false
  setText(request.note, words)
}

function onResult({ request_id, outcome, message }) {
  const request = requests.get(request_id)
  if (request === undefined) return
  const { answering } = request
  settle(request, '')
  switch (outcome) {
    case 'won':
      close(request, 'Yours', 'won')
      void refreshOrder(request_id)
      break
    case 'recorded':
      close(request, answering === 'REJECTED' ? 'Rejected' : 'Recorded')
      break
    case 'lost':
      close(request, 'Another pharmacy was first')
      break
    case 'expired':
      close(request, 'Expired')
      break
    case 'cancelled':
      close(request, 'Cancelled by the customer')
      break
    case 'not_offered':
      close(request, 'Not offered to this pharmacy')
      break
    default:
      setText(request.note, message ?? 'That did not work; try again.')
  }
}

const closeById = (id, words) => {
  const request = requests.get(id)
  if (request !== undefined) close(request, words)
}

/** Greys the card out, and takes it away a little later. */
function close(request, words, state = 'closed') {
  settle(request, '')
  requests.delete(request.id)
  request.state = state
  request.card.dataset.state = state
  const hadFocus = request.card.contains(document.activeElement)
  request.form.remove()
  request.bar.remove()
  setText(request.time, '')
  setText(request.note, words)
  if (hadFocus) {
    request.card.tabIndex = -1
    request.card.focus()
  }
  setTimeout(
    () => {
      request.card.remove()
      showCounts()
    },
    state === 'won' ? wonShownMs : closedShownMs,
  )
  showCounts()
}

function tick(request) {
  const leftMs = request.expiresAtMs - Date.now()
  setText(request.time, leftMs > 0 ? remaining(leftMs) : 'ending')
  request.bar.value = Math.max(0, leftMs / request.totalMs)
  request.bar.dataset.tone = leftMs < 30_000 ? 'warn' : ''
}
setInterval(() => {
  for (const request of requests.values()) tick(request)
}, 250)

function showCounts() {
  setText($('open-count'), requests.size > 0 ? `(${requests.size})` : '')
  $('none').hidden = $('requests').childElementCount > 0
  for (const one of ['ours', 'finished']) $(`${one}-part`).hidden = $(one).childElementCount === 0
  document.title = `${requests.size > 0 ? `(${requests.size}) ` : ''}Pharmacy terminal · Caduceus`
}

// Our deliveries

async function refreshOrder(id) {
  try {
    showOrder(await account.call('GET', `/api/orders/${id}`))
  } catch (error) {
    if (error.status !== 404) setText($('news'), error.message)
  }
}

function tellOrder(id, words) {
  const order = orders.get(id)
  if (order !== undefined) setText(order.note, words)
}

/** `older`: of a page of the past, which goes below what is there. */
function showOrder(view, older = false) {
  // A request of ours that is still open has its card above.
  if (view.status === 'pending' && view.kind === 'broadcast') return
  let order = orders.get(view.id)
  if (order === undefined) {
    order = {
      pill: el('span', { class: 'pill' }),
      driver: el('p', { class: 'small' }),
      note: el('p', { class: 'small soft', role: 'status' }),
      actions: el('div', { class: 'row' }),
    }
    order.card = el(
      'li',
      { class: 'card', 'data-order': view.id, 'data-state': 'won' },
      el('div', { class: 'row spread' }, el('h3', {}, view.customer_name), order.pill),
      el(
        'p',
        { class: 'small soft' },
        `${view.order_number} · ${kilometres(view.estimated_distance_km)} · since ${clock(view.created_at)}`,
      ),
      view.items.length > 0
        ? el('ul', {}, ...view.items.map(item => el('li', {}, `${item.quantity} × ${item.name}`)))
        : view.quantity === null
          ? null
          : el('p', {}, `Quantity ${view.quantity}`),
      view.customer_phone
        ? el(
            'p',
            { class: 'small' },
            'Phone: ',
            el(
              'a',
              { href: `tel:${view.customer_phone.replace(/[^+\d]/g, '')}` },
              view.customer_phone,
            ),
          )
        : null,
      view.delivery_address ? el('p', { class: 'small' }, `To: ${view.delivery_address}`) : null,
      view.notes ? el('p', {}, view.notes) : null,
      view.prescription_url ? el('p', {}, prescription(view.id, view.prescription_url)) : null,
      order.driver,
      order.actions,
      order.note,
    )
    orders.set(view.id, order)
  } else if (order.version > view.version) return
  order.version = view.version
  const list = $(hasEnded(view.status) ? 'finished' : 'ours')
  if (order.card.parentElement !== list) {
    if (older) list.append(order.card)
    else list.prepend(order.card)
  }
  setText(
    order.pill,
    view.status === 'pending' ? 'New order' : (factsOf(view.status)?.label ?? view.status),
  )
  order.pill.dataset.tone = factsOf(view.status)?.tone ?? ''
  order.card.dataset.state = hasEnded(view.status) ? 'closed' : 'won'
  setText(
    order.driver,
    view.driver_name === null
      ? ''
      : `Driver: ${view.driver_name}${view.driver_phone ? `, ${view.driver_phone}` : ''}`,
  )
  const searching =
    view.driver_search.state === 'searching' || view.driver_search.state === 'offering'
  const command = (words, path, quiet = false) =>
    el(
      'button',
      {
        type: 'button',
        class: quiet ? 'quiet' : null,
        onclick: event => act(order, view.id, path, event.target),
      },
      words,
    )
  order.actions.replaceChildren(
    ...(view.status === 'pending'
      ? [command('Accept', 'accept'), command('Reject', 'reject', true)]
      : []),
    ...(view.status === 'accepted' && !searching ? [command('Find a driver', 'find-driver')] : []),
    ...(view.tracking_token
      ? [
          el(
            'a',
            {
              class: 'small',
              href: `/track/${encodeURIComponent(view.tracking_token)}`,
              target: '_blank',
              rel: 'noopener',
            },
            'Tracking page',
          ),
        ]
      : []),
  )
  if (view.status === 'accepted' && searching) setText(order.note, 'Looking for a driver…')
  else if (view.status !== 'accepted') setText(order.note, '')
  showCounts()
}

async function act(order, id, path, button) {
  button.disabled = true
  setText(order.note, '')
  try {
    showOrder(await account.call('POST', `/api/orders/${id}/${path}`, { body: {}, key: newId() }))
  } catch (error) {
    setText(order.note, error.message)
  } finally {
    button.disabled = false
  }
}

// The practice driver

$('driver-start').addEventListener('click', async event => {
  const button = event.target
  if (practice !== null) {
    practice.stop()
    practice = null
    setText($('driver-state'), 'Nobody on the road')
    setText(button, 'Send a practice driver out')
    return
  }
  button.disabled = true
  try {
    const vendor = await account.call('GET', `/api/vendors/${account.user.vendor_id}`)
    // Of our own, so it is invited and does not wait for our own word.
    const { invitation_code } = await account.call(
      'POST',
      `/api/vendors/${vendor.id}/driver-invitations`,
      { body: { note: 'Practice driver', expires_in_hours: 1 } },
    )
    practice = new PracticeDriver(vendor, invitation_code, words =>
      setText($('driver-state'), words),
    )
    await practice.start()
    setText(button, 'Call the practice driver back')
  } catch (error) {
    practice = null
    setText($('driver-state'), error.message)
  } finally {
    button.disabled = false
  }
})

if (account.signedIn) openDesk()
else openGate()
