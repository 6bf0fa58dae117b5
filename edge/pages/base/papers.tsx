/** Papers of a driver or a pharmacy: what is required, what was handed in, and handing in another. */
import { useEffect, useState } from 'preact/hooks'
import type { Paper, PaperCalls } from '../../../protocol/client/papers.ts'
import {
  paperKindNames,
  rowOfPaper,
  type PaperKind,
  type PaperState,
  type PaperSubject,
  type ReviewQueue,
} from '../../../protocol/papers/kinds.ts'
import { say, sayIfKnown } from '../texts/index.ts'
import { Choice, Field, Form, problemText } from './form.tsx'
import { day } from './format.ts'
import type { PageSession } from './session.ts'

interface PapersProps {
  session: PageSession
  /** The people who review the papers of this role. */
  queue: ReviewQueue
  /** The records whose papers count, with their ids. */
  subjects: Readonly<Partial<Record<PaperSubject, string>>>
}
type Needs = Awaited<ReturnType<PaperCalls['requirements']>>['standing']

const papersShown = 100
const tones: Readonly<Partial<Record<PaperState, 'good' | 'warn' | 'bad'>>> = {
  approved: 'good',
  pending: 'warn',
  in_review: 'warn',
  expiring: 'warn',
  required: 'bad',
  rejected: 'bad',
  expired: 'bad',
  revoked: 'bad',
}
const nameOf = (kind: PaperKind): string => sayIfKnown(`paper.${kind}`) ?? kind

/** The panel. */
export function PapersPanel({ session, queue, subjects }: PapersProps) {
  const { papers } = session.api
  const [needs, setNeeds] = useState<Needs>(null)
  const [own, setOwn] = useState<readonly Paper[]>([])
  const [problem, setProblem] = useState('')
  const load = async (): Promise<void> => {
    const [{ standing }, { documents }] = await Promise.all([
      papers.requirements(),
      papers.list({ limit: papersShown }),
    ])
    setNeeds(standing)
    setOwn(documents)
  }
  useEffect(() => {
    load().catch((error: unknown) => setProblem(problemText(error)))
  }, [])
  return (
    <section class="panel" id="papers">
      <h2>{say('papers.title')}</h2>
      <p class="error" role="alert">
        {problem}
      </p>
      <Required needs={needs} />
      <ul class="list">
        {own.map(paper => (
          <PaperRow key={paper.id} paper={paper} />
        ))}
      </ul>
      {own.length === 0 ? <p class="soft">{say('papers.none')}</p> : null}
      <HandIn session={session} queue={queue} subjects={subjects} onDone={load} />
    </section>
  )
}

function State({ state }: { state: PaperState }) {
  return (
    <span class="pill" data-tone={tones[state]}>
      {say(`papers.${state}`)}
    </span>
  )
}

/** What is required, and whether the person may work with what is there. */
function Required({ needs }: { needs: Needs }) {
  if (needs === null || needs.requirements.length === 0) return null
  return (
    <>
      {needs.may_work ? null : <p class="notice bad">{say('papers.may_not_work')}</p>}
      <h3>{say('papers.needed')}</h3>
      <ul class="list">
        {needs.requirements.map(one => (
          <li key={one.requirement_id} class="row spread" data-requirement={one.kind}>
            <span>
              {nameOf(one.kind)}{' '}
              <span class="soft small">
                {say(one.effect === 'blocking' ? 'papers.blocking' : 'papers.advised')}
              </span>
            </span>
            <State state={one.renewal ?? one.state} />
          </li>
        ))}
      </ul>
      <h3>{say('papers.handed_in')}</h3>
    </>
  )
}

function PaperRow({ paper }: { paper: Paper }) {
  const { kind, state, number, expires_on, reason, reason_code } = paper
  const facts = [
    number,
    expires_on === null ? null : say('papers.good_until', { date: day(expires_on) }),
  ]
  const because = reason ?? (reason_code && (sayIfKnown(`papers.${reason_code}`) ?? reason_code))
  return (
    <li data-paper={kind}>
      <div class="row spread">
        <strong>{nameOf(kind)}</strong>
        <State state={state} />
      </div>
      <p class="soft small">{facts.filter(fact => fact !== null).join(' · ')}</p>
      {because === null ? null : <p class="small">{because}</p>}
    </li>
  )
}

function HandIn({ session, queue, subjects, onDone }: PapersProps & { onDone(): Promise<void> }) {
  const subjectOf = (kind: PaperKind): PaperSubject | undefined =>
    rowOfPaper(kind).about.find(subject => subjects[subject] !== undefined)
  const kinds = paperKindNames.filter(
    kind => rowOfPaper(kind).queue === queue && subjectOf(kind) !== undefined,
  )
  const { api } = session
  return (
    <Form
      class=""
      submit={say('papers.hand_in')}
      onSubmit={async ({ kind, number = '', expires_on = '' }, form) => {
        const file = new FormData(form).get('file') as File
        const { id: file_id } = await api.uploadFile('document', file)
        const subject = subjectOf(kind as PaperKind)!
        await api.papers.handIn({
          file_id,
          kind: kind as PaperKind,
          subject,
          subject_id: subjects[subject]!,
          ...(number !== '' && { number }),
          ...(expires_on !== '' && { expires_on }),
        })
        form.reset()
        await onDone()
      }}
    >
      <Choice
        label={say('papers.kind')}
        name="kind"
        options={kinds.map(kind => [kind, nameOf(kind)] as const)}
      />
      <Field
        label={say('papers.file')}
        name="file"
        type="file"
        required
        accept="image/*,application/pdf"
      />
      <div class="pair">
        <Field
          label={say('papers.number')}
          hint={say('field.optional')}
          name="number"
          maxLength={60}
          autocomplete="off"
        />
        <Field
          label={say('papers.expires_on')}
          hint={say('field.optional')}
          name="expires_on"
          type="date"
        />
      </div>
    </Form>
  )
}
