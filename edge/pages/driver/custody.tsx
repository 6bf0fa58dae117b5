/**
 * What the goods of a delivery ask for at the pick-up, at the door and at the return: scans, seal,
 * temperature, the receiver, the code of the customer, a document.
 */
import { useState } from 'preact/hooks'
import { CaduceusError } from '../../../protocol/client/index.ts'
import {
  identityDocuments,
  identityOutcomes,
  relationships,
} from '../../../protocol/custody/people.ts'
import type { Need, Stage } from '../../../protocol/custody/policies.ts'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Choice, Field, Form, problemText } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { CodeField } from '../base/scan.tsx'
import { say, sayIfKnown } from '../texts/index.ts'
import type { Evidence } from './store.ts'
import type { Delivery, Work } from './work.ts'

export type Custody = NonNullable<OrderView['custody']>
/** Kinds of a break that a driver reports; the others are found by the server. */
const reported = ['missing_scan', 'damaged', 'excursion'] as const
const pin = /^\d{6}$/
/** A keyboard or a person may put these among the digits: spaces, dashes, marks of direction. */
const besideDigits = /[\s\p{Pd}\p{Cf}]/gu
/** Arabic and Persian digits; the last four bits of each are its value. */
const easternDigit = /[\u0660-\u0669\u06f0-\u06f9]/g
/** A signed text is always longer. */
const qrCharactersMin = 40
/** Nothing is chosen for the driver, because a record that nobody chose is a false one. */
const unchosen = ['', '–'] as const

/** The refusal of a step in words: the fields that are missing or wrong, by their names. */
export function refusalText(error: unknown): string {
  if (!(error instanceof CaduceusError)) return problemText(error)
  const words = refusals[error.code]
  const fields = (error.fields ?? []).map(({ field, rule }) =>
    error.code === 'goods_refused' && field === 'code'
      ? say('custody.package')
      : (sayIfKnown(`custody.field.${field.replace(/^custody\./, '')}`) ?? `${field} ${rule}`),
  )
  return words === undefined || fields.length === 0
    ? problemText(error)
    : say(words, { fields: fields.join(', ') })
}
const refusals: Partial<
  Record<string, 'custody.missing' | 'custody.not_allowed' | 'custody.goods_refused'>
> = {
  custody_evidence_missing: 'custody.missing',
  custody_evidence_refused: 'custody.not_allowed',
  goods_refused: 'custody.goods_refused',
}

interface Props {
  work: Work
  delivery: Delivery
  custody: Custody
  stage: Stage
}

/** True while the chain is broken and nobody has decided, or when the parcel must go back. */
export const isHeld = ({ breaks }: Custody): boolean =>
  breaks.some(({ outcome }) => outcome !== 'continue')

/** What stands between the driver and the next step. */
export function Obstacles({ custody, stage }: Pick<Props, 'custody' | 'stage'>) {
  const { breaks, packed, needs, return_by } = custody
  const held = breaks.filter(({ outcome }) => outcome !== 'continue')
  const waitsForPacking =
    stage === 'pickup' && !packed && needs.pickup.some(need => packing.includes(need))
  return (
    <>
      {waitsForPacking ? <p class="notice">{say('custody.unpacked')}</p> : null}
      {stage === 'return'
        ? null
        : held.map(({ number, kind, outcome }) => (
            <p key={number} class="notice bad" role="status">
              {say('custody.break', { kind: say(`custody.kind.${kind}`) })}{' '}
              {say(outcome === null ? 'custody.break_waits' : 'custody.break_return')}
            </p>
          ))}
      {return_by === null ? null : (
        <p class="notice">{say('custody.return_by', { time: dayAndTime(return_by) })}</p>
      )}
    </>
  )
}
const packing: readonly Need[] = ['seal_number', 'scans', 'both_sides']
/** The stage whose scans are made in a status. */
const stageAt: Partial<Record<OrderStatus, Stage>> = {
  driver_assigned: 'pickup',
  picked_up: 'handover',
  out_for_delivery: 'handover',
  failed: 'return',
  returning: 'return',
}

/** Number of packages that are neither scanned at this stage nor about to be. */
function unscanned({ work, delivery, custody, stage }: Props): number {
  const waiting = work.steps.waiting.value.filter(
    one =>
      one.orderId === delivery.order_id && one.scan !== undefined && stageAt[one.status] === stage,
  ).length
  return Math.max(0, custody.packages - custody.scanned[stage] - waiting)
}

/**
 * Throws for a hand-over that the server would refuse, while the receiver is still at the door:
 * without a connection the refusal comes when the driver has left.
 */
export function refuseIncomplete(
  props: Omit<Props, 'stage'>,
  { identity, no_signature_reason }: Evidence,
  proof: { photo: Blob | null; signature: Blob | null },
): void {
  const { needs, breaks } = props.custody
  const wants = (need: Need): boolean => needs.handover.includes(need)
  const isWaived = breaks.some(
    ({ kind, stage, outcome }) =>
      kind === 'missing_scan' && stage === 'handover' && outcome === 'continue',
  )
  const isUnsigned = wants('signature') && proof.signature === null
  const missing = [
    ...(wants('scans') && !isWaived && unscanned({ ...props, stage: 'handover' }) > 0
      ? [say('custody.field.scans')]
      : []),
    ...(wants('photo') && proof.photo === null ? [say('custody.field.proof_photo_url')] : []),
    ...(isUnsigned && no_signature_reason === undefined
      ? [say('custody.field.signature_url')]
      : []),
    ...(isUnsigned && no_signature_reason !== undefined && identity === undefined
      ? [say('custody.field.identity')]
      : []),
  ]
  if (missing.length > 0) throw new Error(say('custody.missing', { fields: missing.join(', ') }))
}

/** The scans of the packages; each one counts by itself. */
export function Scans({ work, delivery, custody, stage }: Props) {
  const [key, setKey] = useState(0)
  if (!custody.needs[stage].includes('scans')) return null
  const left = unscanned({ work, delivery, custody, stage })
  const scan = async (code: string): Promise<void> => {
    if (code.trim() === '') return
    await work.scan(delivery, code)
    // The next package begins with an empty field.
    setKey(key + 1)
  }
  return (
    <>
      <p role="status">
        {say('custody.scanned', {
          done: custody.packages - left,
          count: custody.packages,
        })}
      </p>
      {left === 0 ? null : (
        <Form
          class="scans"
          submit={say('custody.scan')}
          onSubmit={({ package_code = '' }) => scan(package_code)}
        >
          <CodeField
            key={key}
            api={work.session.api}
            label={say('custody.package')}
            name="package_code"
            onRead={code => void scan(code)}
          />
        </Form>
      )}
    </>
  )
}

/** The fields that the stage needs, beside photo and signature. */
export function EvidenceFields({ work, custody, stage }: Omit<Props, 'delivery'>) {
  const { needs, minimum_age, agents, code } = custody
  const wants = (need: Need): boolean => needs[stage].includes(need)
  const atDoor = stage === 'handover'
  const mustIdentify = wants('identity') || (atDoor && minimum_age !== null)
  const hasReceiver = atDoor && (wants('signature') || wants('named_agent'))
  return (
    <>
      {wants('in_person') ? <p class="notice">{say('custody.in_person')}</p> : null}
      {wants('seal_number') ? (
        <CodeField
          api={work.session.api}
          label={say('custody.seal')}
          hint={say('custody.seal_hint')}
          name="seal_number"
          required
        />
      ) : null}
      {wants('temperature') ? (
        <Field
          label={say('custody.temperature')}
          name="temperature_celsius"
          type="number"
          step="any"
          min={-100}
          max={100}
          required
        />
      ) : null}
      {hasReceiver ? (
        <>
          <Field
            label={say('custody.receiver')}
            {...(agents.length > 0 && {
              hint: say('custody.receiver_hint', {
                names: agents.map(({ name }) => name).join(', '),
              }),
            })}
            name="receiver"
            required
            maxLength={200}
            autocomplete="off"
          />
          <Choice
            label={say('custody.relationship')}
            name="relationship"
            required
            options={[
              unchosen,
              ...relationships.map(one => [one, say(`custody.relation.${one}`)] as const),
            ]}
          />
        </>
      ) : null}
      {wants('code') ? (
        <CodeField
          api={work.session.api}
          label={say('custody.code')}
          hint={say('custody.code_hint', { count: code.tries_left })}
          name="code"
          required
        />
      ) : null}
      {mustIdentify || (atDoor && wants('signature')) ? (
        <>
          <Choice
            label={say('custody.document')}
            name="document"
            required={mustIdentify}
            options={[
              unchosen,
              ...identityDocuments.map(one => [one, say(`custody.document.${one}`)] as const),
            ]}
          />
          <Choice
            label={say('custody.outcome')}
            name="outcome"
            required={mustIdentify}
            options={[
              unchosen,
              ...identityOutcomes.map(one => [one, say(`custody.outcome.${one}`)] as const),
            ]}
          />
        </>
      ) : null}
      {atDoor && minimum_age !== null ? (
        <Field
          label={say('custody.age')}
          hint={say('custody.age_hint', { age: minimum_age })}
          name="age_at_least"
          type="number"
          min={0}
          max={120}
          step={1}
          required
        />
      ) : null}
      {atDoor && wants('signature') ? (
        <Field
          label={say('custody.no_signature')}
          hint={say('custody.no_signature_hint')}
          name="no_signature_reason"
          maxLength={500}
          autocomplete="off"
        />
      ) : null}
    </>
  )
}

/**
 * What the customer showed. Throws for a text that can be neither a PIN nor a QR code, because each
 * wrong code is one of few tries.
 */
function codeOf(text: string): { pin: string } | { qr: string } {
  const digits = text
    .replaceAll(besideDigits, '')
    .replaceAll(easternDigit, digit => String(digit.charCodeAt(0) % 16))
  if (pin.test(digits)) return { pin: digits }
  if (text.length < qrCharactersMin) throw new Error(say('custody.code_shape'))
  return { qr: text }
}

/** The evidence of a filled-in form. Throws for a code that cannot be one, and for half an identity. */
export function evidenceOf(values: Readonly<Record<string, string>>): Evidence {
  const of = (name: string): string => values[name]?.trim() ?? ''
  const code = of('code')
  const number = (name: string): object => (of(name) === '' ? {} : { [name]: Number(of(name)) })
  const text = (name: string): object => (of(name) === '' ? {} : { [name]: of(name) })
  if ((of('document') === '') !== (of('outcome') === ''))
    throw new Error(say('custody.missing', { fields: say('custody.field.identity') }))
  return {
    ...text('seal_number'),
    ...number('temperature_celsius'),
    ...number('age_at_least'),
    ...text('no_signature_reason'),
    ...(of('receiver') !== '' && {
      receiver: { name: of('receiver'), relationship: of('relationship') },
    }),
    ...((of('document') !== '' || of('outcome') !== '') && {
      identity: { document: of('document'), outcome: of('outcome') },
    }),
    ...(code !== '' && codeOf(code)),
  }
}

interface StageProps extends Props {
  submit: string
  onDone(evidence: Evidence, photo: Blob | null): Promise<void>
}

/** The pick-up and the return of goods that ask for something. */
export function StageForm({ submit, onDone, ...props }: StageProps) {
  const { work, custody, stage } = props
  const [photo, setPhoto] = useState<Blob | null>(null)
  const needs = custody.needs[stage]
  const isTheirs = stage === 'return' && needs.includes('both_sides')
  return (
    <>
      <Obstacles custody={custody} stage={stage} />
      <Scans {...props} />
      {isTheirs ? (
        <p class="notice">{say('custody.taken_back')}</p>
      ) : stage !== 'return' && isHeld(custody) ? null : (
        <Form
          class="hand-over"
          submit={submit}
          onSubmit={values => onDone(evidenceOf(values), photo)}
        >
          <EvidenceFields work={work} custody={custody} stage={stage} />
          {needs.includes('photo') ? (
            <Field
              label={say('custody.photo')}
              type="file"
              accept="image/*"
              capture="environment"
              required
              onChange={event => setPhoto(event.currentTarget.files?.[0] ?? null)}
            />
          ) : null}
        </Form>
      )}
    </>
  )
}

/** Reports that the parcel is damaged, too warm, or that a code cannot be scanned. */
export function Trouble({ work, delivery }: Pick<Props, 'work' | 'delivery'>) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {say('custody.trouble')}
      </button>
      {isOpen ? (
        <Form
          class="reason"
          submit={say('custody.trouble_send')}
          onSubmit={async ({ kind = '', note = '' }) => {
            await work.report(delivery, {
              kind,
              ...(note.trim() !== '' && { note: note.trim() }),
            })
            setOpen(false)
          }}
        >
          <Choice
            label={say('custody.trouble_kind')}
            name="kind"
            options={reported.map(kind => [kind, say(`custody.kind.${kind}`)] as const)}
          />
          <Field
            label={say('custody.trouble_note')}
            name="note"
            maxLength={500}
            autocomplete="off"
          />
        </Form>
      ) : null}
    </>
  )
}
