/**
 * A chart of figures over days or groups, drawn by uPlot on a canvas, with the same figures in a
 * table for everybody who does not see it.
 */
import { useEffect, useRef } from 'preact/hooks'
import type UPlot from 'uplot'
import { language, say } from '../texts/index.ts'

/** The script of the library has run before the one of the page, and has left this name. */
const Plot = (globalThis as unknown as { uPlot: typeof UPlot }).uPlot

export interface ChartSeries {
  name: string
  /** A colour of the style sheet, such as `--accent`. */
  color: string
  look: 'bars' | 'line'
  values: readonly (number | null)[]
  /** The value for people. */
  words(value: number | null): string
}
interface ChartProps {
  title: string
  /** The name of the column of `labels`. */
  over: string
  labels: readonly string[]
  series: readonly ChartSeries[]
}

const heightPx = 220
const labelRoomPx = 96
const barShare = 0.6
const barPxMax = 48

/** The chart and its table. */
export function Chart({ title, over, labels, series }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = holder.current!
    let plot: UPlot | null = null
    const draw = (): void => {
      plot?.destroy()
      plot = new Plot(optionsOf(element, labels, series), dataOf(labels, series), element)
    }
    const fit = new ResizeObserver(() =>
      plot?.setSize({ width: element.clientWidth, height: heightPx }),
    )
    const dark = matchMedia('(prefers-color-scheme: dark)')
    draw()
    fit.observe(element)
    dark.addEventListener('change', draw)
    return () => {
      fit.disconnect()
      dark.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [labels, series, language.value])
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="row small legend">
          {series.map(({ name, color }) => (
            <li key={name} data-color={color}>
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      {/* The time runs from left to right in every language, as on the maps. */}
      <div ref={holder} role="img" aria-label={title} dir="ltr" />
      <details>
        <summary>{say('chart.table')}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{over}</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {labels.map((label, i) => (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  {series.map(({ name, values, words }) => (
                    <td key={name} class="number">
                      {words(values[i] ?? null)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

const dataOf = (labels: readonly string[], series: readonly ChartSeries[]): UPlot.AlignedData => [
  labels.map((_, i) => i),
  ...series.map(({ values }) => [...values]),
]

function optionsOf(
  element: HTMLElement,
  labels: readonly string[],
  series: readonly ChartSeries[],
): UPlot.Options {
  const style = getComputedStyle(element)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const axis = {
    stroke: color('--soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  }
  const bars = Plot.paths.bars!({ size: [barShare, barPxMax] })
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.5, labels.length - 0.5] },
      y: { range: (_, __, most) => [0, Math.max(1, most)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: labelRoomPx,
        incrs: [1, 2, 5, 7, 14, 28, 56],
        values: (_, splits) => splits.map(at => labels[at] ?? ''),
      },
      { ...axis, values: (_, splits) => splits.map(at => at.toLocaleString(language.value)) },
    ],
    series: [
      {},
      ...series.map(({ look, color: name }) =>
        look === 'bars'
          ? { paths: bars, fill: color(name), stroke: color(name), points: { show: false } }
          : { stroke: color(name), width: 2, spanGaps: true },
      ),
    ],
  }
}
