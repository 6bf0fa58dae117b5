/**
 * The card of one order of this pharmacy: its customer, its status, its papers and proofs, the next
 * steps of the pharmacy, its driver, and the conversation with the customer.
 */
import { useState } from 'preact/hooks'
import { CaduceusError } from '../../../protocol/client/index.ts'
import { statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Chat } from '../base/chat.tsx'
import { FileLink, Player } from '../base/files.tsx'
import { Action } from '../base/form.tsx'
import { dayAndTime, kilometres, money } from '../base/format.ts'
import { say } from '../texts/index.ts'
import type { Desk } from './desk.ts'
import { ChooseDriver } from './choose-driver.tsx'
import { PriceForm } from './price-form.tsx'
import { Prescription, Wanted } from './request-card.tsx'

/** The steps of a pharmacy; each is the last part of the path of its route. */
type Step = 'accept' | 'reject' | 'find-driver'

interface CardProps {
  desk: Desk
  view: OrderView
}

/** One order. */
export function OrderCard({ desk, view }: CardProps) {
  const { tone, ended } = statusTable[view.status]
  const isNew = view.status === 'pending'
  return (
    <li class="card" data-order={view.id} data-state={ended ? 'closed' : 'won'}>
      <div class="row spread">
        <h3>{view.customer_name}</h3>
        <span class="pill" data-tone={tone}>
          {say(isNew ? 'terminal.new_order' : `status.${view.status}`)}
        </span>
      </div>
      <p class="small soft">
        {view.order_number} · {kilometres(view.estimated_distance_km)} ·{' '}
        {say('terminal.since', { time: dayAndTime(view.created_at) })}
      </p>
      <Wanted items={view.items} quantity={view.quantity} />
      <Recipient view={view} />
      {view.notes === null ? null : <p>{view.notes}</p>}
      {view.prescription_url === null ? null : (
        <Prescription desk={desk} orderId={view.id} address={view.prescription_url} />
      )}
      <OwnAnswer desk={desk} view={view} />
      {view.delivery_fee === null ? null : (
        <p class="small">{say('order.fee', { amount: money(view.delivery_fee, view.currency) })}</p>
      )}
      {view.driver_name === null ? null : (
        <p class="small">
          {say('terminal.driver', { name: view.driver_name })}
          {view.driver_phone === null ? null : <Phone number={view.driver_phone} />}
        </p>
      )}
      <Proofs desk={desk} view={view} />
      <Steps desk={desk} view={view} />
    </li>
  )
}

function Recipient({ view }: { view: OrderView }) {
  const place = `${view.delivery_latitude.toFixed(5)}, ${view.delivery_longitude.toFixed(5)}`
  return (
    <>
      {view.customer_phone === '' ? null : (
        <p class="small">
          {say('terminal.phone')}
          <Phone number={view.customer_phone} />
        </p>
      )}
      <p class="small">{say('terminal.to', { address: view.delivery_address ?? place })}</p>
    </>
  )
}

function Phone({ number }: { number: string }) {
  return (
    <>
      {' '}
      <a href={`tel:${number.replaceAll(/[^+\d]/g, '')}`} dir="ltr">
        {number}
      </a>
    </>
  )
}

/** What this pharmacy answered to the request. */
function OwnAnswer({ desk, view }: CardProps) {
  const own = view.responses.find(({ vendor_id }) => vendor_id === view.vendor_id)
  if (own === undefined || (own.text_message === null && own.audio_url === null)) return null
  return (
    <p class="small">
      {own.text_message === null ? null : `“${own.text_message}” `}
      {own.audio_url === null ? null : (
        <Player api={desk.session.api} address={own.audio_url} words={say('order.play')} />
      )}
    </p>
  )
}

/** The photo and the signature of the hand-over. */
function Proofs({ desk, view }: CardProps) {
  const proofs = [
    ['proof_photo_url', say('proof.photo')],
    ['signature_url', say('proof.signature')],
  ] as const
  return (
    <div class="papers">
      {proofs.map(([field, words]) => {
        const address = view[field]
        const fresh = async () => (await desk.session.api.getOrder(view.id))[field]
        return address === null ? null : (
          <FileLink key={field} words={words} address={address} fresh={fresh} />
        )
      })}
    </div>
  )
}

function Steps({ desk, view }: CardProps) {
  const [open, setOpen] = useState<'driver' | 'chat' | null>(null)
  const { api } = desk.session
  const { seeksDriver, cancellable } = statusTable[view.status]
  const isSearching = ['searching', 'offering'].includes(view.driver_search.state)
  const [needsPrice, setNeedsPrice] = useState(false)
  const take =
    (step: Step, body: object = {}) =>
    async (): Promise<void> =>
      desk.deliveries.show(await api.call('POST', `/api/orders/${view.id}/${step}`, { body }))
  const accept = async (): Promise<void> => {
    try {
      await take('accept')()
    } catch (error) {
      if (!(error instanceof CaduceusError) || error.code !== 'price_required') throw error
      setNeedsPrice(true)
    }
  }
  const toggle = (part: 'driver' | 'chat', words: string) => (
    <button
      type="button"
      class="plain"
      aria-expanded={open === part}
      onClick={() => setOpen(open === part ? null : part)}
    >
      {words}
    </button>
  )
  return (
    <>
      <div class="row">
        {view.status === 'pending' ? (
          <>
            {needsPrice ? null : <Action onAct={accept}>{say('request.accept')}</Action>}
            <Action class="quiet" onAct={take('reject')}>
              {say('request.reject')}
            </Action>
          </>
        ) : null}
        {seeksDriver && !isSearching ? (
          <Action onAct={take('find-driver')}>{say('terminal.find_driver')}</Action>
        ) : null}
        {seeksDriver ? toggle('driver', say('terminal.choose_driver')) : null}
        {toggle('chat', say('chat.with_customer'))}
        {view.tracking_token === '' ? null : (
          <a
            class="small"
            href={`/track/${encodeURIComponent(view.tracking_token)}`}
            target="_blank"
            rel="noopener"
          >
            {say('terminal.tracking_page')}
          </a>
        )}
        {cancellable && view.status !== 'pending' ? (
          <Action
            class="plain"
            confirm={say('order.cancel_really')}
            onAct={async () => desk.deliveries.show(await api.cancelOrder(view.id))}
          >
            {say('order.cancel')}
          </Action>
        ) : null}
      </div>
      {needsPrice && view.status === 'pending' ? (
        <PriceForm onPrice={price => take('accept', price)()} />
      ) : null}
      <p class="small soft" role="status">
        {seeksDriver && isSearching ? say('terminal.searching') : null}
        {seeksDriver && !isSearching && desk.deliveries.withoutDriver.value.has(view.id)
          ? say('terminal.no_driver')
          : null}
      </p>
      {open === 'driver' && seeksDriver ? <ChooseDriver desk={desk} view={view} /> : null}
      {open === 'chat' ? (
        <Chat
          session={desk.session}
          news={desk.conversations}
          about={{ topic: 'pharmacy', order_id: view.id }}
          title={say('chat.with_customer')}
        />
      ) : null}
    </>
  )
}
