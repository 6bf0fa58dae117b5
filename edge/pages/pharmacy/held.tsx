/**
 * Tells a pharmacy that may not work the reason. The page asks for the decision again, because no
 * socket stays open that could tell it, and opens by itself after the approval.
 */
import { useEffect } from 'preact/hooks'
import type { Office } from '../base/office.ts'
import { say } from '../texts/index.ts'

const lookMs = 10_000

/** Nothing for a pharmacy that works. */
export function Held({ office }: { office: Office }) {
  const pharmacy = office.pharmacy.value
  const isHeld = pharmacy !== null && pharmacy.status !== 'active'
  useEffect(() => {
    if (!isHeld) return
    const timer = setInterval(() => {
      office.readPharmacy().then(
        () => {
          if (office.pharmacy.value?.status === 'active') office.begin()
        },
        () => undefined,
      )
    }, lookMs)
    return () => clearInterval(timer)
  }, [isHeld])
  if (pharmacy === null || pharmacy.status === 'active') return null
  const { status, status_reason: reason } = pharmacy
  return (
    <section class="panel" id="standing" aria-live="polite">
      <h2>{say(`standing.${status}`)}</h2>
      <p>{say(`standing.${status}_text`)}</p>
      {reason === null || reason === undefined || reason === '' ? null : (
        <p>{say('standing.reason', { reason })}</p>
      )}
    </section>
  )
}
