/** What the customer needs at the door: the code to show, and the people who may take the parcel. */
import { useEffect, useState } from 'preact/hooks'
import { relationships } from '../../../protocol/custody/people.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Action, Choice, Field, Form } from '../base/form.tsx'
import { say } from '../texts/index.ts'
import type { Orders } from './orders.ts'

interface Props {
  orders: Orders
  view: OrderView
}
interface Code {
  pin: string
  qr: string
  tries_left: number
}

const agentRelations = relationships.filter(one => one !== 'patient')

/** Shown while the order is under way and its goods ask for a code or for a known receiver. */
export function HandOver({ orders, view }: Props) {
  if (view.custody === null) return null
  const { handover } = view.custody.needs
  return (
    <>
      {handover.includes('code') && view.driver_id !== null ? (
        <ShownCode key={view.assignment_id} orders={orders} view={view} />
      ) : null}
      {handover.includes('named_agent') ? <Agents orders={orders} view={view} /> : null}
    </>
  )
}

/** The code comes on a press, because others may look at the screen. */
function ShownCode({ orders, view }: Props) {
  const { api } = orders.session
  const path = `/api/orders/${view.id}/custody/code`
  const [code, setCode] = useState<Code | null>(null)
  const show = async (read: Promise<Code>): Promise<void> => setCode(await read)
  const generation = view.custody?.code.generation
  // The code may be replaced elsewhere, and the old one is none any more.
  useEffect(() => {
    if (code === null) return
    api.call<Code>('GET', path).then(
      // Closed meanwhile, it stays closed.
      found => setCode(shown => (shown === null ? null : found)),
      () => setCode(null),
    )
  }, [generation])
  if (code === null)
    return <Action onAct={() => show(api.call('GET', path))}>{say('custody.show_code')}</Action>
  return (
    <div class="door-code">
      <p class="small">{say('custody.code_lead')}</p>
      <CodePicture key={code.qr} orders={orders} text={code.qr} />
      <p class="big number" data-pin dir="ltr">
        {code.pin}
      </p>
      <div class="row">
        <button type="button" class="plain" onClick={() => setCode(null)}>
          {say('action.close')}
        </button>
        <Action
          class="plain"
          confirm={say('custody.new_code_really')}
          onAct={() => show(api.call('POST', path, { body: {} }))}
        >
          {say('custody.new_code')}
        </Action>
      </div>
    </div>
  )
}

/** The code as a picture; without it the number is enough. */
function CodePicture({ orders, text }: { orders: Orders; text: string }) {
  const [picture, setPicture] = useState<string | null>(null)
  useEffect(() => {
    let isOver = false
    let address: string | null = null
    orders.session.api.media.writeCode({ key: text }).then(
      blob => {
        if (!isOver) setPicture((address = URL.createObjectURL(blob)))
      },
      () => undefined,
    )
    return () => {
      isOver = true
      if (address !== null) URL.revokeObjectURL(address)
    }
  }, [])
  return picture === null ? null : (
    <img class="code" src={picture} alt={say('custody.code_picture')} />
  )
}

function Agents({ orders, view }: Props) {
  const { api } = orders.session
  const agents = view.custody?.agents ?? []
  return (
    <details class="agents">
      <summary>{say('custody.agents')}</summary>
      {agents.length === 0 ? null : (
        <ul class="small">
          {agents.map(({ name, relationship }) => (
            <li key={name}>
              {name} · {say(`custody.relation.${relationship}`)}
            </li>
          ))}
        </ul>
      )}
      <Form
        class="agent"
        submit={say('custody.name_agent')}
        onSubmit={async ({ name = '', relationship = '' }, form) => {
          orders.show(
            await api.call<OrderView>('POST', `/api/orders/${view.id}/custody/agents`, {
              body: { name: name.trim(), relationship },
            }),
          )
          form.reset()
        }}
      >
        <p class="small soft">{say('custody.agents_lead')}</p>
        <Field
          label={say('custody.agent_name')}
          name="name"
          required
          maxLength={200}
          autocomplete="off"
        />
        <Choice
          label={say('custody.relationship')}
          name="relationship"
          options={agentRelations.map(one => [one, say(`custody.relation.${one}`)] as const)}
        />
      </Form>
    </details>
  )
}
