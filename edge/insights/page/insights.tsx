/** The week's insights beside the week before, by hour, weekday, driver or service, and the letter. */
import { useState } from 'preact/hooks'
import type { InsightFigure, Insights } from '../../../protocol/client/index.ts'
import { Chart } from '../../pages/base/chart.tsx'
import { SaveFile } from '../../pages/base/files.tsx'
import { Choice, Check } from '../../pages/base/form.tsx'
import { day, minutes } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { language, say, sayIfKnown } from '../../pages/texts/index.ts'

const divisions = ['hour', 'weekday', 'week', 'driver', 'service'] as const
type Division = (typeof divisions)[number]
type Metric = Insights['metrics'][number]

/** The part. */
export function InsightsPart({ office }: { office: Office }) {
  const { api } = office.session
  const [by, setBy] = useState<Division>('weekday')
  const { value, problem } = useLoaded(
    () => api.insights.ofPharmacy(office.pharmacyId, { by }),
    [by],
  )
  return (
    <div class="stack">
      <section class="panel">
        <h2>{say('insights.title')}</h2>
        {problem === '' ? null : <p class="error">{problem}</p>}
        {value === null ? null : (
          <p class="soft">
            {say('insights.lead', {
              first: day(value.from.slice(0, 10)),
              last: day(value.to.slice(0, 10)),
            })}
          </p>
        )}
        <div class="fields">
          <Choice
            label={say('insights.by')}
            value={by}
            onChange={event => setBy(event.currentTarget.value as Division)}
            options={divisions.map(one => [one, say(`insights.by_${one}`)] as const)}
          />
          <SaveFile
            name={`insights-${by}.csv`}
            fetch={() =>
              api.downloadFile(`/api/insights/vendors/${office.pharmacyId}/export-csv?by=${by}`)
            }
          />
        </div>
        <Letter office={office} />
      </section>
      <div class="columns">
        {value?.metrics
          .filter(metric => metric.measured)
          .map(metric => (
            <MetricPanel key={metric.metric} metric={metric} by={by} />
          ))}
      </div>
    </div>
  )
}

/** Whether the pharmacy gets its insights by mail each week. */
function Letter({ office }: { office: Office }) {
  const { insights } = office.session.api
  const { value, problem, set } = useLoaded(() => insights.letter(office.pharmacyId))
  if (value === null) return problem === '' ? null : <p class="error">{problem}</p>
  return (
    <Check
      label={say('insights.letter')}
      name="letter"
      checked={value.wanted}
      onChange={event => {
        const { checked } = event.currentTarget
        insights.setLetter(office.pharmacyId, checked).then(set, () => set({ ...value }))
      }}
    />
  )
}

/** A figure of too few people is hidden, so that nobody can be told from it. */
function wordsOf({ unit }: Pick<Metric, 'unit'>, { value, hidden }: InsightFigure): string {
  if (hidden) return say('insights.hidden')
  if (unit === 'minutes') return minutes(value)
  return value === null ? '–' : value.toLocaleString(language.value, { style: 'percent' })
}

function MetricPanel({ metric, by }: { metric: Metric; by: Division }) {
  const name = sayIfKnown(`metric.${metric.metric}`) ?? metric.metric
  // A share is drawn in hundredths, so that the axis has whole numbers.
  const drawn = ({ value }: InsightFigure): number | null =>
    value === null ? null : metric.unit === 'share' ? value * 100 : value
  const words = (value: number | null): string =>
    wordsOf(metric, {
      value: value === null || metric.unit === 'minutes' ? value : value / 100,
      count: null,
      hidden: false,
    })
  return (
    <section class="panel">
      <h2>{name}</h2>
      <dl class="figures">
        <div>
          <dt>{say('insights.now')}</dt>
          <dd>{wordsOf(metric, metric.now)}</dd>
        </div>
        <div>
          <dt>{say('insights.before')}</dt>
          <dd>{wordsOf(metric, metric.before)}</dd>
        </div>
      </dl>
      {metric.cells.length === 0 ? null : (
        <Chart
          title={`${name} · ${say(`insights.by_${by}`)}`}
          over={say(`insights.by_${by}`)}
          labels={metric.cells.map(cell => cell.label)}
          series={[
            {
              name: say('insights.before'),
              color: '--soft',
              look: 'bars',
              values: metric.cells.map(cell => drawn(cell.before)),
              words,
            },
            {
              name: say('insights.now'),
              color: '--accent',
              look: 'line',
              values: metric.cells.map(cell => drawn(cell.now)),
              words,
            },
          ]}
        />
      )}
    </section>
  )
}
