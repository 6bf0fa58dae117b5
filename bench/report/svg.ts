/**
 * Charts as SVG text: lines over a linear or logarithmic axis, with ticks, a legend and a title for
 * each point. Rejected: a chart library, because the report must open from a file, years later,
 * without a network, and needs no more than this.
 */
import { seriesColours } from './style.ts'

export interface ChartSeries {
  name: string
  points: readonly (readonly [x: number, y: number])[]
  dashed?: boolean
}

export interface Chart {
  title: string
  xLabel: string
  yLabel: string
  logX?: boolean
  logY?: boolean
  /** Names for x = 0, 1, 2…, instead of numbers. */
  xNames?: readonly string[]
  /** Positions and names of ticks, instead of ticks at round numbers. */
  yTicks?: readonly (readonly [y: number, name: string])[]
  marks?: boolean
  series: readonly ChartSeries[]
  height?: number
}

const width = 720
const margin = { top: 34, right: 18, bottom: 46, left: 66 }
const legendLineHeight = 16

/** The text as content or as a quoted attribute of XML. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** The chart as an SVG element; empty when no series has a point. */
export function chart({
  title,
  xLabel,
  yLabel,
  logX = false,
  logY = false,
  xNames,
  yTicks,
  marks = false,
  series,
  height = 300,
}: Chart): string {
  const drawn = series
    .map(one => ({
      ...one,
      points: one.points.filter(
        ([x, y]) =>
          Number.isFinite(x) && Number.isFinite(y) && (!logX || x > 0) && (!logY || y > 0),
      ),
    }))
    .filter(one => one.points.length > 0)
  if (drawn.length === 0) return ''
  const xs = drawn.flatMap(one => one.points.map(([x]) => x))
  const ys = drawn.flatMap(one => one.points.map(([, y]) => y))
  const x = axis(Math.min(...xs), Math.max(...xs), logX, xNames !== undefined)
  const y =
    yTicks !== undefined
      ? within(yTicks, Math.max(...ys))
      : axis(logY ? Math.min(...ys) : Math.min(0, ...ys), Math.max(...ys), logY, false)
  const inner = {
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
  }
  const atX = (value: number): number => margin.left + x.at(value) * inner.width
  const atY = (value: number): number => margin.top + (1 - y.at(value)) * inner.height
  const total = height + drawn.length * legendLineHeight + 4

  const parts: string[] = []
  const highest = Math.max(...ys)
  // One tick beyond the highest point closes the picture.
  const named =
    yTicks?.filter((_, at) => at === 0 || yTicks[at - 1]![0] < highest) ??
    y.ticks.map(tick => [tick, shortNumber(tick)] as const)
  for (const [tick, name] of named) {
    parts.push(
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${r(atY(tick))}" y2="${r(atY(tick))}"/>`,
    )
    parts.push(
      `<text x="${margin.left - 6}" y="${r(atY(tick) + 4)}" text-anchor="end">${escapeXml(name)}</text>`,
    )
  }
  const names =
    xNames?.map((name, at) => [at, name] as const) ??
    x.ticks.map(tick => [tick, shortNumber(tick)] as const)
  // Leave out names that would overlap.
  const every = Math.ceil((names.length * 74) / inner.width)
  for (const [at, name] of names.filter(
    (_, index) => xNames === undefined || index % every === 0,
  )) {
    parts.push(
      `<line class="grid" x1="${r(atX(at))}" x2="${r(atX(at))}" y1="${margin.top}" y2="${height - margin.bottom}"/>`,
    )
    parts.push(
      `<text x="${r(atX(at))}" y="${height - margin.bottom + 16}" text-anchor="middle">${escapeXml(name)}</text>`,
    )
  }
  for (const [index, { name, points, dashed }] of drawn.entries()) {
    const colour = `style="color:var(--c${index % seriesColours})"`
    const path = points
      .map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${r(atX(px))} ${r(atY(py))}`)
      .join('')
    parts.push(
      `<path d="${path}" fill="none" ${colour} stroke="currentColor" stroke-width="1.8"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`,
    )
    if (marks)
      for (const [px, py] of points)
        parts.push(
          `<circle cx="${r(atX(px))}" cy="${r(atY(py))}" r="3" ${colour} fill="currentColor"><title>${escapeXml(`${name}: ${xNames?.[px] ?? shortNumber(px)}, ${shortNumber(py)}`)}</title></circle>`,
        )
    const legendY = height + index * legendLineHeight
    parts.push(
      `<line x1="${margin.left}" x2="${margin.left + 22}" y1="${legendY}" y2="${legendY}" ${colour} stroke="currentColor" stroke-width="3"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`,
    )
    parts.push(`<text x="${margin.left + 28}" y="${legendY + 4}">${escapeXml(name)}</text>`)
  }
  parts.push(`<text class="title" x="${margin.left}" y="18">${escapeXml(title)}</text>`)
  parts.push(
    `<text x="${margin.left + inner.width / 2}" y="${height - margin.bottom + 36}" text-anchor="middle">${escapeXml(xLabel)}</text>`,
  )
  parts.push(
    `<text transform="translate(14 ${margin.top + inner.height / 2}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>`,
  )
  return `<svg viewBox="0 0 ${width} ${total}" role="img" aria-label="${escapeXml(title)}">${parts.join('')}</svg>`
}

/** From the first tick to the first one above all points. */
function within(ticks: readonly (readonly [number, string])[], max: number): Axis {
  const [low, high] = [ticks[0]![0], (ticks.find(([at]) => at >= max) ?? ticks.at(-1)!)[0]]
  return { ticks: [], at: value => Math.min(1, (value - low) / (high - low || 1)) }
}

interface Axis {
  ticks: number[]
  at(value: number): number
}

function axis(min: number, max: number, log: boolean, byIndex: boolean): Axis {
  if (byIndex)
    return {
      ticks: [],
      at: value => (max === min ? 0.5 : 0.03 + (0.94 * (value - min)) / (max - min)),
    }
  if (log) {
    const [low, high] = [
      Math.floor(Math.log10(min) + 1e-9),
      Math.max(Math.floor(Math.log10(min) + 1e-9) + 1, Math.ceil(Math.log10(max) - 1e-9)),
    ]
    // Within few decades, ticks between the powers are needed to read values.
    const steps = high - low <= 2 ? [1, 2, 5] : [1]
    const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at))
      .flatMap(power => steps.map(step => step * power))
      .filter(tick => tick <= 10 ** high * 1.0001)
    return { ticks, at: value => (Math.log10(value) - low) / (high - low) }
  }
  const span = max - min || Math.abs(max) || 1
  const raw = span / 5
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map(times => times * power).find(one => one >= raw)!
  const top = Math.ceil(max / step - 1e-9) * step || step
  const bottom = Math.floor(min / step + 1e-9) * step
  return {
    ticks: Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, at) =>
      Number((bottom + at * step).toPrecision(12)),
    ),
    at: value => (value - bottom) / (top - bottom),
  }
}

const r = (value: number): string => value.toFixed(1)
const shortNumber = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) >= 1e6
      ? `${Number((value / 1e6).toPrecision(3))} M`
      : Math.abs(value) >= 1e4
        ? `${Number((value / 1e3).toPrecision(3))} k`
        : String(Number(value.toPrecision(3)))
