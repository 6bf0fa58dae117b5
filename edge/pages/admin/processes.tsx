/** Every engine and edge with its figures. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ProcessFigures } from '../../../protocol/dispatch/process-figures.ts'
import { problemText } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { language, say } from '../texts/index.ts'
import { session } from './desk.ts'

interface Found {
  processes: readonly ProcessFigures[]
  absent: readonly { kind: ProcessFigures['kind']; id: string; seen_at: string }[]
}

const everyMs = 10_000
const hourSeconds = 3_600

/** The share of one core that a process took between two answers; null before the second one. */
function shareOf(now: ProcessFigures, before: ProcessFigures | undefined): number | null {
  if (before === undefined) return null
  const seconds = now.uptime_seconds - before.uptime_seconds
  return seconds <= 0 ? null : (now.processor_seconds - before.processor_seconds) / seconds
}

const number = (value: number, options: Intl.NumberFormatOptions = {}): string =>
  new Intl.NumberFormat(language.value, options).format(value)
const duration = (seconds: number): string =>
  seconds < hourSeconds
    ? number(Math.floor(seconds / 60), { style: 'unit', unit: 'minute' })
    : number(Math.floor(seconds / hourSeconds), { style: 'unit', unit: 'hour' })

export function Processes() {
  const [found, setFound] = useState<Found | null>(null)
  const [problem, setProblem] = useState('')
  const before = useRef(new Map<string, ProcessFigures>())
  const shares = useRef(new Map<string, number | null>())
  useEffect(() => {
    const read = (): void => {
      session.api
        .call<Found>('GET', '/api/admin/processes')
        .then(answer => {
          for (const one of answer.processes) {
            shares.current.set(one.id, shareOf(one, before.current.get(one.id)))
            before.current.set(one.id, one)
          }
          setFound(answer)
          setProblem('')
        })
        .catch((error: unknown) => setProblem(problemText(error)))
    }
    read()
    const timer = setInterval(read, everyMs)
    return () => clearInterval(timer)
  }, [])
  return (
    <section class="panel" id="processes">
      <h2>{say('processes.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {found === null ? null : (
        <ul class="list">
          {found.absent.map(({ kind, id, seen_at }) => (
            <li key={id} class="row spread">
              <strong>
                {say(`processes.${kind}`)} {id}
              </strong>
              <span class="pill" data-tone="bad">
                {say('processes.absent', { time: dayAndTime(seen_at) })}
              </span>
            </li>
          ))}
          {found.processes.map(one => (
            <Process key={one.id} process={one} share={shares.current.get(one.id) ?? null} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Process({ process, share }: { process: ProcessFigures; share: number | null }) {
  const { kind, id, uptime_seconds, resident_bytes, figures } = process
  return (
    <li>
      <p>
        <strong>
          {say(`processes.${kind}`)} {id}
        </strong>
      </p>
      <p class="soft small">
        {say('processes.uptime')}: {duration(uptime_seconds)} · {say('processes.memory')}:{' '}
        {number(resident_bytes / 1e6, {
          style: 'unit',
          unit: 'megabyte',
          maximumFractionDigits: 0,
        })}{' '}
        · {say('processes.processor')}:{' '}
        {share === null ? '–' : number(share, { style: 'percent', maximumFractionDigits: 0 })}
      </p>
      <details>
        <summary>{say('processes.figures')}</summary>
        <dl class="facts">
          {Object.entries(figures).map(([name, value]) => (
            <div key={name} class="row spread">
              <dt>{name}</dt>
              <dd>{number(value)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  )
}
