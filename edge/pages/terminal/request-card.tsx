/** The card of one open request: its items, its remaining time, its prescription, and the answer. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { FileLink, Picture } from '../base/files.tsx'
import { Field } from '../base/form.tsx'
import { itemTexts, kilometres, remaining } from '../base/format.ts'
import { VoiceField } from '../base/voice.tsx'
import { say } from '../texts/index.ts'
import type { Desk } from './desk.ts'
import type { Answer, OpenRequest, Said } from './open-requests.ts'
import { PriceForm, type Price } from './price-form.tsx'

const tickMs = 250
const hurryMs = 30_000

/** One request. */
export function RequestCard({ desk, request }: { desk: Desk; request: OpenRequest }) {
  const { message, closed, note } = request
  const card = useRef<HTMLLIElement>(null)
  const hadFocus = useRef(false)
  const { api } = desk.session
  useEffect(() => {
    // The focus was in the form that is gone; the next key must not begin at the top of the page.
    const hasNobodyFocus = document.activeElement === document.body
    if (closed !== null && hadFocus.current && hasNobodyFocus) card.current!.focus()
  }, [closed])
  return (
    <li
      ref={card}
      class="card"
      data-request={message.request_id}
      data-state={closed ?? 'open'}
      tabIndex={closed === null ? undefined : -1}
      onFocusIn={() => {
        hadFocus.current = true
      }}
      onFocusOut={event => {
        // An element that is taken away loses the focus to nothing.
        if (event.relatedTarget !== null) hadFocus.current = false
      }}
    >
      <TimeLeft request={request} />
      <h3>{message.patient_name}</h3>
      {message.patient_phone === '' ? null : <p class="small soft">{message.patient_phone}</p>}
      <Wanted items={message.items} quantity={message.quantity} />
      {message.notes === null ? null : <p>{message.notes}</p>}
      {message.prescription_url === null ? null : (
        <Prescription desk={desk} orderId={message.request_id} address={message.prescription_url} />
      )}
      {closed === null ? (
        <AnswerForm
          isWaiting={request.isWaiting}
          needsPrice={request.needsPrice}
          upload={sound => api.uploadFile('audio', sound)}
          onAnswer={(answer, said) => desk.requests.answer(message.request_id, answer, said)}
        />
      ) : null}
      <p class="small soft" role="status">
        {note()}
      </p>
    </li>
  )
}

interface WantedProps {
  items: readonly { name: string; quantity: number }[]
  quantity: number | null
}

/** The medicines, or the quantity where none is named. */
export function Wanted({ items, quantity }: WantedProps) {
  const texts = itemTexts(items)
  if (texts.length === 0 && quantity !== null)
    texts.push(say('order.quantity', { count: quantity }))
  return texts.length === 0 ? null : (
    <ul>
      {texts.map(text => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  )
}

/** The prescription of an order: in a tab, or here beside the answer. */
export function Prescription(props: { desk: Desk; orderId: string; address: string }) {
  const { desk, orderId, address } = props
  const words = say('ask.prescription')
  return (
    <div class="papers">
      <FileLink
        words={words}
        address={address}
        fresh={async () => (await desk.session.api.getOrder(orderId)).prescription_url}
      />
      <Picture api={desk.session.api} address={address} words={words} />
    </div>
  )
}

function TimeLeft({ request: { message, closed } }: { request: OpenRequest }) {
  const [nowMs, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const endMs = Date.parse(message.expires_at)
  const wholeMs = Math.max(1, endMs - Date.parse(message.timestamp))
  const leftMs = endMs - nowMs
  return (
    <>
      <div class="row spread">
        <span class="big">{kilometres(message.distance_km)}</span>
        <span class="number">
          {closed === null ? (leftMs > 0 ? remaining(leftMs) : say('request.ending')) : ''}
        </span>
      </div>
      {closed === null ? (
        <progress
          max={1}
          value={Math.max(0, leftMs / wholeMs)}
          data-tone={leftMs < hurryMs ? 'warn' : ''}
          aria-label={say('request.time_left')}
        />
      ) : null}
    </>
  )
}

interface AnswerFormProps {
  isWaiting: boolean
  needsPrice: boolean
  upload(sound: Blob): Promise<{ url: string }>
  onAnswer(answer: Answer, said: Said): Promise<void>
}

function AnswerForm({ isWaiting, needsPrice, upload, onAnswer }: AnswerFormProps) {
  const [text, setText] = useState('')
  const [recording, setRecording] = useState<Blob | null>(null)
  const uploaded = useRef<Promise<{ url: string }> | null>(null)
  const send = (sound: Blob): Promise<{ url: string }> =>
    (uploaded.current ??= upload(sound).catch((error: unknown) => {
      uploaded.current = null
      throw error
    }))
  const keep = (sound: Blob | null): void => {
    uploaded.current = null
    setRecording(sound)
    // It is sent at once, because the first answer wins and must not wait for it. A failure shows
    // when the answer is given.
    if (sound !== null) send(sound).catch(() => undefined)
  }
  const answer = (given: Answer, price?: Price): Promise<void> =>
    onAnswer(given, {
      text: text.trim(),
      recording: recording === null ? null : () => send(recording),
      ...(price !== undefined && { price }),
    })
  return (
    <div>
      <Field
        label={say('request.message')}
        hint={say('field.optional')}
        maxLength={1000}
        autocomplete="off"
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <VoiceField
        label={say('request.record')}
        recording={recording}
        onChange={keep}
        disabled={isWaiting}
      />
      <div class="row">
        {needsPrice ? null : (
          <button type="button" disabled={isWaiting} onClick={() => void answer('ACCEPTED')}>
            {say('request.accept')}
          </button>
        )}
        <button
          type="button"
          class="quiet"
          disabled={isWaiting}
          onClick={() => void answer('REJECTED')}
        >
          {say('request.reject')}
        </button>
      </div>
      {needsPrice ? <PriceForm onPrice={price => answer('ACCEPTED', price)} /> : null}
    </div>
  )
}
