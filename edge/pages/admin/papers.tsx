/**
 * The review of papers. Taking a paper keeps it for this reviewer for some minutes; the decision
 * names the digest of the file that was shown, so that nobody approves another file.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Paper } from '../../../protocol/client/index.ts'
import { reviewQueues, type ReviewQueue } from '../../../protocol/papers/kinds.ts'
import { Action, Choice, Field, Form, problemText } from '../base/form.tsx'
import { clock, day, dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { news, session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts } from './reasoned.tsx'

const reasonCodes = [
  'unreadable',
  'wrong_document',
  'incomplete',
  'out_of_date',
  'name_mismatch',
  'not_in_register',
  'suspected_forgery',
  'other',
] as const

/** The queue, and the paper that is looked at. */
export function Papers() {
  const [queue, setQueue] = useState<ReviewQueue>('pharmacies')
  const [taken, setTaken] = useState<Paper | null>(null)
  const [decided, setDecided] = useState(0)
  const { papers } = session.api
  const done = (): void => {
    setTaken(null)
    setDecided(decided + 1)
  }
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.papers')}</h2>
        <Choice
          label={say('paper.queue')}
          value={queue}
          options={reviewQueues.map(one => [one, say(`paper.queue_${one}`)] as const)}
          onChange={event => setQueue(event.currentTarget.value as ReviewQueue)}
        />
        <Paged<Paper>
          label={say('admin.papers')}
          of={`${queue} ${decided} ${news.value}`}
          empty={say('admin.nothing')}
          keyOf={row => row.id}
          load={async cursor => {
            const answer = await papers.waiting({
              queue,
              ...(cursor !== undefined && { cursor }),
            })
            return { rows: answer.documents, next: answer.next_cursor }
          }}
        >
          {row => (
            <div class="row spread">
              <span>
                <strong>{say(`paper.${row.kind}`)}</strong>{' '}
                <span class="soft small">{dayAndTime(row.created_at)}</span>
              </span>
              <Action
                class="quiet"
                label={`${say('paper.take')}: ${say(`paper.${row.kind}`)}`}
                onAct={async () => setTaken(await papers.take({ document_id: row.id }))}
              >
                {say('paper.take')}
              </Action>
            </div>
          )}
        </Paged>
      </section>
      {taken === null ? null : <Review key={taken.id} paper={taken} onDone={done} />}
    </div>
  )
}

function Review({ paper, onDone }: { paper: Paper; onDone(): void }) {
  const [isRejecting, setRejecting] = useState(false)
  const { papers } = session.api
  const digest = paper.digest ?? ''
  return (
    <section class="panel" aria-labelledby="review-title" data-paper={paper.id}>
      <h2 id="review-title">{say(`paper.${paper.kind}`)}</h2>
      <Facts
        of={{
          [say('paper.number')]: paper.number,
          [say('paper.issued')]: paper.issued_on === null ? null : day(paper.issued_on),
          [say('paper.expires')]: paper.expires_on === null ? null : day(paper.expires_on),
          [say('paper.approvals')]: paper.approvals === 0 ? null : String(paper.approvals),
          [say('paper.yours_until')]:
            paper.review_until === null || paper.review_until === undefined
              ? null
              : clock(paper.review_until),
          [say('paper.digest')]: <code class="small">{digest.slice(0, 16)}…</code>,
        }}
      />
      <File paper={paper} />
      {isRejecting ? (
        <Form
          class=""
          submit={say('admin.reject')}
          more={
            <button type="button" class="plain" onClick={() => setRejecting(false)}>
              {say('action.keep')}
            </button>
          }
          onSubmit={async ({ reason_code = 'other', reason = '' }) => {
            await papers.decide(paper.id, {
              decision: 'rejected',
              digest,
              reason_code,
              ...(reason !== '' && { reason }),
            })
            onDone()
          }}
        >
          <Choice
            label={say('paper.reason_code')}
            name="reason_code"
            options={reasonCodes.map(code => [code, say(`paper.reason_${code}`)] as const)}
          />
          <Field
            label={say('admin.reason')}
            hint={say('field.optional')}
            name="reason"
            maxLength={500}
          />
        </Form>
      ) : (
        <Form
          class=""
          submit={say('admin.approve')}
          more={
            <>
              <button type="button" class="quiet" onClick={() => setRejecting(true)}>
                {say('admin.reject')}
              </button>
              <Action
                class="plain"
                onAct={async () => {
                  await papers.giveBack(paper.id)
                  onDone()
                }}
              >
                {say('paper.give_back')}
              </Action>
            </>
          }
          onSubmit={async ({ number = '', expires_on = '' }) => {
            await papers.decide(paper.id, {
              decision: 'approved',
              digest,
              ...(number !== '' && { number }),
              ...(expires_on !== '' && { expires_on }),
            })
            onDone()
          }}
        >
          <Field
            label={say('paper.number')}
            hint={say('paper.correct')}
            name="number"
            maxLength={100}
            defaultValue={paper.number ?? ''}
          />
          <Field
            label={say('paper.expires')}
            hint={say('paper.correct')}
            name="expires_on"
            type="date"
            defaultValue={paper.expires_on ?? ''}
          />
        </Form>
      )}
    </section>
  )
}

/** The picture of the paper; a file that no browser shows becomes a link that saves it. */
function File({ paper }: { paper: Paper }) {
  const [address, setAddress] = useState<string | null>(null)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let made: string | null = null
    let isGone = false
    session.api
      .downloadFile(paper.file_url)
      .then(file => {
        if (isGone) return
        made = URL.createObjectURL(file)
        setAddress(made)
      })
      .catch((error: unknown) => setProblem(problemText(error)))
    return () => {
      isGone = true
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [paper.id])
  if (problem !== '') return <p class="error">{problem}</p>
  if (address === null) return <p class="soft">{say('state.loading')}</p>
  return (
    <>
      {/^image\/(jpeg|png|webp)$/.test(paper.content_type) ? (
        <img class="paper" src={address} alt={say(`paper.${paper.kind}`)} />
      ) : null}
      <p>
        <a href={address} download={`${paper.kind}-${paper.id}`}>
          {say('paper.save')}
        </a>
      </p>
    </>
  )
}
