/** A delivery: where to go, whom to call, and the next step with what it needs. */
import { useState } from 'preact/hooks'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'
import { say } from '../texts/index.ts'
import { Chat } from '../base/chat.tsx'
import { Action, Field, Form } from '../base/form.tsx'
import { itemTexts, money } from '../base/format.ts'
import { usePayment, type Payment } from '../base/payment.ts'
import {
  EvidenceFields,
  evidenceOf,
  isHeld,
  Obstacles,
  refuseIncomplete,
  Scans,
  StageForm,
  Trouble,
} from './custody.tsx'
import { Signature } from './signature.tsx'
import { newStep } from './steps.ts'
import type { Evidence } from './store.ts'
import type { Delivery, Work } from './work.ts'

/** The parties of a payment follow an assignment within this many answers. */
const noneAnswersMin = 4
/** One delivery as a card. */
export function DeliveryCard({ work, delivery }: { work: Work; delivery: Delivery }) {
  const status = work.statusOf(delivery)
  const isWaiting = work.steps.lastOf(delivery.order_id) !== undefined
  const [isTalking, setTalking] = useState(false)
  // Asked as soon as the delivery is there, because the door may be without a connection.
  const payment = usePayment(work.session.api, delivery.order_id, {
    noneAnswersMin,
    known: delivery.payment,
    onKnown: answer => work.keepPayment(delivery.order_id, answer),
  })
  const toPickup = status === 'driver_assigned' || status === 'returning'
  return (
    <article class="card" data-order={delivery.order_id} data-status={status}>
      <div class="row spread">
        <span class="pill">{say(`status.${status}`)}</span>
        <strong>{money(delivery.fee, delivery.currency)}</strong>
      </div>
      {isWaiting ? (
        <p class="notice" role="status">
          {say('step.waiting')}
        </p>
      ) : null}
      <Stop
        title={say(toPickup ? 'stop.pickup' : 'stop.dropoff')}
        place={toPickup ? delivery.pickup : delivery.dropoff}
      />
      <ul class="small">
        {itemTexts(delivery.items).map(text => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      {delivery.notes === null ? null : <p class="small">{delivery.notes}</p>}
      <Next work={work} delivery={delivery} status={status} payment={payment} />
      {delivery.custody === null || delivery.custody === undefined ? null : (
        <Trouble work={work} delivery={delivery} />
      )}
      <button
        type="button"
        class="plain"
        aria-expanded={isTalking}
        onClick={() => setTalking(!isTalking)}
      >
        {say('chat.with_customer')}
      </button>
      {isTalking ? (
        <Chat
          session={work.session}
          news={work.news}
          about={{ topic: 'delivery', order_id: delivery.order_id }}
          title={say('chat.with_customer')}
        />
      ) : null}
    </article>
  )
}

function Stop({ title, place }: { title: string; place: Delivery['pickup'] }) {
  const at = `${place.latitude},${place.longitude}`
  return (
    <section class="stop">
      <h2>{title}</h2>
      <p>
        <strong>{place.name}</strong>
        {place.address === null ? null : <span class="address">{place.address}</span>}
      </p>
      <div class="row">
        <a class="button quiet" href={`geo:${at}?q=${at}`}>
          {say('stop.navigate')}
        </a>
        {place.phone === undefined || place.phone === '' ? null : (
          <a class="button quiet" href={`tel:${place.phone.replaceAll(/[^+\d]/g, '')}`}>
            {say('stop.call')}
          </a>
        )}
      </div>
    </section>
  )
}

interface NextProps {
  work: Work
  delivery: Delivery
  status: OrderStatus
  payment: Payment | null | undefined
}

function Next({ work, delivery, status, payment }: NextProps) {
  const id = delivery.order_id
  const custody = delivery.custody ?? null
  const report =
    (next: OrderStatus) =>
    (evidence: Evidence, photo: Blob | null): Promise<void> =>
      work.steps.add(newStep(id, next, { evidence, ...(photo !== null && { photo }) }))
  const simple = (next: OrderStatus, words: string) => (
    <Action onAct={() => work.steps.add(newStep(id, next))}>{words}</Action>
  )
  switch (status) {
    case 'driver_assigned':
      return (
        <>
          {custody === null ? (
            <div class="row two">{simple('picked_up', say('step.pick_up'))}</div>
          ) : (
            <StageForm
              {...{ work, delivery, custody }}
              stage="pickup"
              submit={say('step.pick_up')}
              onDone={report('picked_up')}
            />
          )}
          <WithReason
            open={say('step.give_back')}
            label={say('step.give_back_reason')}
            onGiven={reason => work.giveBack(delivery, reason)}
          />
        </>
      )
    case 'picked_up':
      return (
        <>
          {custody === null ? null : <Obstacles custody={custody} stage="handover" />}
          {custody !== null && isHeld(custody) ? (
            <Failure work={work} id={id} />
          ) : (
            <div class="row two">{simple('out_for_delivery', say('step.set_out'))}</div>
          )}
        </>
      )
    case 'out_for_delivery':
      return (
        <>
          {custody === null ? null : (
            <>
              <Obstacles custody={custody} stage="handover" />
              <Scans {...{ work, delivery, custody }} stage="handover" />
            </>
          )}
          {custody !== null && isHeld(custody) ? null : (
            <HandOver work={work} delivery={delivery} payment={payment} />
          )}
          <Failure work={work} id={id} />
        </>
      )
    case 'failed':
      return <div class="row two">{simple('returning', say('step.take_back'))}</div>
    case 'returning':
      return custody === null ? (
        <div class="row two">{simple('returned', say('step.returned'))}</div>
      ) : (
        <StageForm
          {...{ work, delivery, custody }}
          stage="return"
          submit={say('step.returned')}
          onDone={report('returned')}
        />
      )
    default:
      return null
  }
}

function Failure({ work, id }: { work: Work; id: string }) {
  return (
    <WithReason
      open={say('step.fail')}
      label={say('step.fail_reason')}
      onGiven={reason => work.steps.add(newStep(id, 'failed', { reason }))}
    />
  )
}

/** The hand-over at the door: a photo or a signature proves it. */
function HandOver({ work, delivery, payment }: Omit<NextProps, 'status'>) {
  const [photo, setPhoto] = useState<Blob | null>(null)
  const [signature, setSignature] = useState<Blob | null>(null)
  const custody = delivery.custody ?? null
  const due = payment?.method === 'cash' ? payment.due : null
  return (
    <Form
      class="hand-over"
      submit={say('step.deliver')}
      onSubmit={async values => {
        const { reason = '', cash_taken, cash_reason = '' } = values
        const cashReason = cash_reason.trim()
        if (due !== null && Number(cash_taken) !== due && cashReason === '')
          throw new Error(say('cash.reason_needed'))
        const evidence = custody === null ? undefined : evidenceOf(values)
        if (custody !== null && evidence !== undefined)
          refuseIncomplete({ work, delivery, custody }, evidence, { photo, signature })
        if (photo === null && signature === null) throw new Error(say('proof.needed'))
        await work.steps.add(
          newStep(delivery.order_id, 'delivered', {
            ...(evidence !== undefined && { evidence }),
            ...(photo !== null && { photo }),
            ...(signature !== null && { signature }),
            ...(reason.trim() !== '' && { reason }),
            ...(due !== null && { cashTaken: Number(cash_taken) }),
            ...(due !== null && cashReason !== '' && { cashReason }),
          }),
        )
      }}
    >
      <h3>{say('proof.title')}</h3>
      {isAmountOpen(payment) ? (
        <p class="notice" role="status">
          {say('cash.unknown')}
        </p>
      ) : null}
      {due === null ? null : <Cash due={due} currency={delivery.currency} />}
      {custody === null ? null : <EvidenceFields work={work} custody={custody} stage="handover" />}
      <Field
        label={say('proof.photo')}
        type="file"
        accept="image/*"
        capture="environment"
        onChange={event => setPhoto(event.currentTarget.files?.[0] ?? null)}
      />
      <Signature onSigned={setSignature} />
      <Field
        label={say('proof.reason')}
        hint={say('proof.reason_hint')}
        name="reason"
        maxLength={500}
        autocomplete="off"
      />
    </Form>
  )
}

/** True while the driver cannot know whether money is due. */
const isAmountOpen = (payment: Payment | null | undefined): boolean =>
  payment === undefined || (payment?.method === 'cash' && payment.due === null)

/** What the customer has to pay, and what was paid. */
function Cash({ due, currency }: { due: number; currency: string }) {
  return (
    <>
      <p class="notice">{say('cash.collect', { amount: money(due, currency) })}</p>
      <Field
        label={say('cash.taken')}
        name="cash_taken"
        type="number"
        min={0}
        step="any"
        required
        defaultValue={due}
      />
      <Field
        label={say('cash.reason')}
        hint={say('cash.reason_hint')}
        name="cash_reason"
        maxLength={500}
        autocomplete="off"
      />
    </>
  )
}

/** A button that asks for a reason before it acts. */
function WithReason({
  open,
  label,
  onGiven,
}: {
  open: string
  label: string
  onGiven(reason: string): Promise<void>
}) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {open}
      </button>
      {isOpen ? (
        <Form class="reason" submit={open} onSubmit={({ reason = '' }) => onGiven(reason)}>
          <Field label={label} name="reason" required maxLength={500} autocomplete="off" />
        </Form>
      ) : null}
    </>
  )
}
