/** The weekly letter to a pharmacy. It has the figures that everybody may see, and no names of people. */
import type { Message } from '../messenger/carrier.ts'
import type { Figure } from './figures.ts'
import type { Figures } from './insights.ts'
import { insightLimits } from './limits.ts'
import { metrics } from './metrics.ts'
import { daysOf, nameOf, type Monday } from './week.ts'

const written = (figure: Figure | undefined, unit: 'share' | 'minutes'): string => {
  if (figure === undefined || (figure.value === null && !figure.hidden)) return 'none'
  if (figure.value === null) return `fewer than ${insightLimits.peopleMin} people`
  return unit === 'share' ? `${Math.round(figure.value * 1_000) / 10} %` : `${figure.value} minutes`
}

/** The totals of a week beside those of the week before. */
export function letterOf(
  to: string,
  pharmacy: string,
  week: Monday,
  now: Figures,
  before: Figures,
): Message {
  const { from, to: sunday } = daysOf(week)
  const lines = Object.entries(metrics)
    .filter(([, { source }]) => source !== null)
    .map(
      ([name, { unit, definition }]) =>
        `${name.replaceAll('_', ' ')}: ${written(now[name], unit)} (the week before: ${written(before[name], unit)})\n  ${definition}`,
    )
  return {
    channel: 'email',
    to,
    subject: `Your week ${nameOf(week)}`,
    text: `${pharmacy}, from ${from} to ${sunday}\n\n${lines.join('\n\n')}\n\nTo get no more of these letters: PUT /api/insights/vendors/{id}/letter {"wanted": false}\n`,
  }
}
