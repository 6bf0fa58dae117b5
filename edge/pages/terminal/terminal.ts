/**
 * A pharmacy's terminal: requests that it may take, its deliveries, and the reason when it may not
 * work. This file joins the parts; each part is a file beside it.
 */
import { connectTerminal, type Terminal } from '../../../protocol/client/index.ts'
import {
  isSignInOver,
  showClosed,
  showLive,
  showPill,
  type Closed,
} from '../shared/connection-pill.ts'
import { byId, setText } from '../shared/elements.ts'
import { Session } from '../shared/session.ts'
import { Attention } from './attention.ts'
import { Deliveries } from './deliveries.ts'
import { Gate } from './gate.ts'
import { OpenRequests } from './open-requests.ts'
import { Practice } from './practice.ts'
import { moveNews, Standing } from './standing.ts'

const session = new Session('pharmacy')
const attention = new Attention()
const news = byId('news')
const pill = byId('connection')
const gate = new Gate(session, openDesk)
const standing = new Standing(session, openDesk)
const deliveries = new Deliveries(session, showCounts)
const requests = new OpenRequests(session, showCounts, orderId => deliveries.refresh(orderId))
const practice = new Practice(session)
let terminal: Terminal | null = null

byId('sign-out').addEventListener('click', () => session.signOut())
session.onSignedOut = () => {
  disconnect()
  practice.stop()
  standing.hide()
  requests.clear()
  deliveries.clear()
  openGate()
}

function openGate(): void {
  byId('desk').hidden = byId('signed').hidden = true
  gate.show()
}

function openDesk(): void {
  gate.hide()
  byId('desk').hidden = byId('signed').hidden = false
  setText(byId('who'), session.user?.full_name ?? '')
  disconnect()
  connect()
  showCounts()
}

function disconnect(): void {
  const before = terminal
  terminal = null
  before?.close()
}

function connect(): void {
  const mine = connectTerminal(session.connectOptions)
  terminal = mine
  showPill(pill, 'Connecting', 'warn')
  requests.follow(mine)
  mine.on('open', greeting => {
    showLive(pill)
    byId('lost').hidden = true
    setText(byId('who'), greeting.pharmacy_name)
    setText(news, '')
    standing.hide()
    void deliveries.load()
  })
  mine.on('closed', closed => {
    if (terminal !== mine) return
    showClosed(pill, closed)
    byId('lost').hidden = closed.final
    if (isSignInOver(closed)) session.signOut()
    else if (closed.final) void sayWhy(closed)
    else requests.settleAll()
  })
  mine.on('new_order', ({ order_id }) => void deliveries.refresh(order_id))
  mine.on('status', ({ order_id }) => void deliveries.refresh(order_id))
  mine.on('driver_search_ended', ({ order_id }) => deliveries.sayNoDriver(order_id))
  mine.on('approval', message => setText(news, moveNews(message)))
  mine.on('error', ({ message }) => setText(news, message))
}

/**
 * Shows why the server closed the connection for good: the decision in words, or the server's
 * reason.
 */
async function sayWhy({ reason, code }: Closed): Promise<void> {
  requests.closeAll('No longer open')
  const isSaid = await standing.show().catch(() => false)
  setText(news, isSaid ? '' : reason || `Refused (${code})`)
}

function showCounts(): void {
  const open = requests.size
  attention.show(open)
  setText(byId('open-count'), open > 0 ? `(${open})` : '')
  byId('none').hidden = byId('requests').childElementCount > 0
  for (const list of ['ours', 'finished'])
    byId(`${list}-part`).hidden = byId(list).childElementCount === 0
  document.title = `${open > 0 ? `(${open}) ` : ''}Pharmacy terminal · Caduceus`
}

if (session.isSignedIn) openDesk()
else openGate()
