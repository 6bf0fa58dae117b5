/** Offers with a clock and two large buttons. */
import { useEffect, useState } from 'preact/hooks'
import type { OfferMessage } from '../../../protocol/client/index.ts'
import { say } from '../texts/index.ts'
import { Action } from '../base/form.tsx'
import { kilometres, money, remaining } from '../base/format.ts'
import type { Work } from './work.ts'

const tickMs = 250

/** The open offers, the one that ends first on top. */
export function Offers({ work }: { work: Work }) {
  const offers = work.offers.value.toSorted((a, b) => (a.expires_at < b.expires_at ? -1 : 1))
  return (
    <div aria-live="assertive">
      {offers.map(offer => (
        <Offer key={offer.offer_id} work={work} offer={offer} />
      ))}
    </div>
  )
}

function Offer({ work, offer }: { work: Work; offer: OfferMessage }) {
  const [wholeMs] = useState(Date.parse(offer.expires_at) - Date.now())
  const [leftMs, setLeft] = useState(wholeMs)
  useEffect(() => {
    const timer = setInterval(() => setLeft(Date.parse(offer.expires_at) - Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  return (
    <article class="card offer" data-offer={offer.offer_id}>
      <div class="row spread">
        <h2>{say('offer.title')}</h2>
        <span class="big number" aria-hidden="true">
          {remaining(leftMs)}
        </span>
      </div>
      <progress max={wholeMs} value={Math.max(0, leftMs)} aria-label={say('offer.time_left')} />
      <dl class="figures">
        <div>
          <dt>{say('offer.fee')}</dt>
          <dd>{money(offer.fee, offer.currency)}</dd>
        </div>
        <div>
          <dt>{say('offer.distance')}</dt>
          <dd>{kilometres(offer.distance_km)}</dd>
        </div>
      </dl>
      <div class="row two">
        <Action onAct={() => work.answer(offer, true)}>{say('offer.accept')}</Action>
        <Action class="quiet" onAct={() => work.answer(offer, false)}>
          {say('offer.decline')}
        </Action>
      </div>
    </article>
  )
}
