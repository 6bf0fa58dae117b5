/** Rating the pharmacy and the driver of an order that is over. */
import { useEffect, useState } from 'preact/hooks'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Field, Form } from '../base/form.tsx'
import { say } from '../texts/index.ts'
import type { Orders } from './orders.ts'

type Subject = 'vendor' | 'driver'
const scores = [1, 2, 3, 4, 5] as const

/** What one may rate and has not rated yet. */
export function Rating({ orders, view }: { orders: Orders; view: OrderView }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{say('rating.title')}</summary>
      {isOpen ? <Subjects orders={orders} view={view} /> : null}
    </details>
  )
}

function Subjects({ orders, view }: { orders: Orders; view: OrderView }) {
  const { api } = orders.session
  const [rated, setRated] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    api
      .listRatings({ order_id: view.id })
      .then(({ ratings }) => setRated(new Set(ratings.map(({ subject }) => subject))))
      .catch(() => undefined)
  }, [])
  const subjects: Subject[] = view.driver_id === null ? ['vendor'] : ['vendor', 'driver']
  return (
    <>
      {subjects.map(subject =>
        rated.has(subject) ? (
          <p key={subject} role="status">
            {say(`rating.done_${subject}`)}
          </p>
        ) : (
          <Form
            key={subject}
            class=""
            submit={say('rating.submit')}
            onSubmit={async ({ score, text = '' }) => {
              await api.rate({
                order_id: view.id,
                subject,
                score: Number(score),
                ...(text !== '' && { text }),
              })
              setRated(known => new Set(known).add(subject))
            }}
          >
            <fieldset class="stars">
              <legend>{say(`rating.${subject}`)}</legend>
              {scores.map(score => (
                <label key={score}>
                  <input type="radio" name="score" value={score} required /> {score}
                </label>
              ))}
            </fieldset>
            <Field
              label={say('rating.text')}
              hint={say('field.optional')}
              name="text"
              maxLength={1000}
              autocomplete="off"
            />
          </Form>
        ),
      )}
    </>
  )
}
