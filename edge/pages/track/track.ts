/**
 * The public tracking page: the holder of the link sees the delivery, and only first names of the
 * people. It uses the socket; where a network blocks sockets, it asks every few seconds.
 */
import {
  CaduceusError,
  connectTracker,
  errorCatalogue,
  RestClient,
} from '../../../protocol/client/index.ts'
import { closeCodes } from '../../../protocol/kernel/errors.ts'
import { showClosed, showLive, showPill } from '../shared/connection-pill.ts'
import { byId } from '../shared/elements.ts'
import { Delivery } from './delivery.ts'

const trackingToken = decodeURIComponent(location.pathname.split('/').at(-1)!)
const pollMs = 5_000

const api = new RestClient({ url: location.origin })
const delivery = new Delivery(stopAsking)
const pill = byId('connection')
let polling: ReturnType<typeof setInterval> | undefined
/**
 * Number of the last request for the state, so that an answer is ignored when newer news has
 * arrived since.
 */
let asked = 0

async function ask(): Promise<void> {
  const mine = ++asked
  try {
    const state = await api.track(trackingToken)
    if (mine === asked) delivery.show(state)
  } catch (error) {
    // Other errors pass, and the page asks again.
    const { http } = errorCatalogue[error instanceof CaduceusError ? error.code : 'internal']
    if (http === 404 || http === 410) showGone()
  }
}

function stopAsking(): void {
  clearInterval(polling)
  polling = undefined
}

function showGone(): void {
  byId('delivery').hidden = true
  byId('gone').hidden = false
  pill.hidden = true
  stopAsking()
}

showPill(pill, 'Connecting', 'warn')
const tracker = connectTracker({ url: location.origin, trackingToken })
tracker.on('state', state => {
  showLive(pill)
  stopAsking()
  asked++
  delivery.show(state)
})
tracker.on('status', ({ status }) => {
  delivery.showStatus(status)
  // Names and times come with the whole state.
  void ask()
})
tracker.on('location', message => delivery.move(message))
tracker.on('closed', closed => {
  showClosed(pill, closed)
  if (closed.code === closeCodes.noSuchRecord) showGone()
  else if (polling === undefined) {
    void ask()
    polling = setInterval(() => void ask(), pollMs)
  }
})
