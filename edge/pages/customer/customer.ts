/**
 * The customer's page: ask the pharmacies around a place, see their answers, and watch the driver
 * come. This file joins the parts; each part is a file beside it.
 */
import { connectCustomer, type Customer } from '../../../protocol/client/index.ts'
import { isSignInOver, showClosed, showLive, showPill } from '../shared/connection-pill.ts'
import { byId, setText } from '../shared/elements.ts'
import { Session } from '../shared/session.ts'
import { askOnSubmit } from './ask.ts'
import { openGate } from './gate.ts'
import { CustomerMap } from './map.ts'
import { Orders } from './orders.ts'

const session = new Session('customer')
const said = byId('said')
const pill = byId('connection')
const orders = new Orders(session, {
  onFollow: (card, isNew) => map?.follow(card, isNew),
  onChange: () => map?.redraw(),
  onSaid: words => setText(said, words),
  pharmacyOf: id => map?.pharmacyOf(id) ?? null,
})
/** Made after the sign-in, because a map in a hidden element has no size. */
let map: CustomerMap | null = null
let customer: Customer | null = null

openGate(session, openDesk)
askOnSubmit(session, {
  onAsked(answer) {
    const card = orders.show(answer.data)
    map?.showRadius()
    map?.follow(card, true)
    const asked = answer.pharmacies_notified
    setText(
      said,
      asked === 0
        ? 'No pharmacy within the radius.'
        : `Asked ${asked} ${asked === 1 ? 'pharmacy' : 'pharmacies'}.`,
    )
  },
})
byId('sign-out').addEventListener('click', () => session.signOut())
session.onSignedOut = () => {
  disconnect()
  orders.clear()
  map?.unfollow()
  showGate()
}

function showGate(): void {
  byId('gate').hidden = false
  byId('desk').hidden = byId('signed').hidden = true
}

function openDesk(): void {
  byId('gate').hidden = true
  byId('desk').hidden = byId('signed').hidden = false
  setText(byId('who'), session.user?.full_name ?? '')
  map ??= new CustomerMap(session, orders)
  void map.begin()
  disconnect()
  connect()
}

function disconnect(): void {
  const before = customer
  customer = null
  before?.close()
}

function connect(): void {
  const mine = connectCustomer(session.connectOptions)
  customer = mine
  showPill(pill, 'Connecting', 'warn')
  mine.on('open', () => {
    showLive(pill)
    void loadOrders()
  })
  mine.on('closed', closed => {
    if (customer !== mine) return
    showClosed(pill, closed)
    if (isSignInOver(closed)) session.signOut()
    else if (closed.final) setText(said, closed.reason)
  })
  mine.on('pharmacy_response', message => orders.hearResponse(message))
  mine.on('request_expired', ({ request_id, message }) => {
    setText(said, message)
    void orders.refresh(request_id)
  })
  mine.on('status', ({ order_id }) => void orders.refresh(order_id))
  mine.on('location', message => orders.hearLocation(message))
}

async function loadOrders(): Promise<void> {
  const running = await orders.load()
  if (running !== null && map?.followed === null) map.follow(running, true)
}

if (session.isSignedIn) openDesk()
else showGate()
