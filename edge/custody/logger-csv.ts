/**
 * Reads the file of a temperature logger: lines of comma, semicolon or tab separated values with a
 * line of headers, which may come after lines about the device. Pure.
 *
 * Days that begin with the day or the month are refused, because 03/04 is read as two days by two
 * readers.
 */
import type { FieldError } from '../../protocol/kernel/errors.ts'
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import type { Reading } from '../../protocol/custody/kinetic.ts'
import { custodyLimits } from './limits.ts'
import { celsiusOf, temperatureUnits, type TemperatureUnit } from './units.ts'

export interface CsvOptions {
  /** Without it the unit stands in the header, as °C or °F. */
  unit?: TemperatureUnit
  /** Of the logger's clock, for times without a zone; absent: such times are refused. */
  utcOffsetMinutes?: number
}
export type ReadCsv = { ok: true; readings: Reading[] } | { ok: false; mistake: FieldError }

const refused = (field: string, rule: string): ReadCsv => ({ ok: false, mistake: { field, rule } })
const separators = [',', ';', '\t'] as const

/** The readings in the order of the file. Never throws; `mistake` names the first one. */
export function readLoggerCsv(text: string, options: CsvOptions): ReadCsv {
  const lines = text.replace(/^\u{feff}/u, '').split(/\r\n|\n|\r/)
  const head = headOf(lines.slice(0, custodyLimits.csvHeadLinesMax))
  if (head === null)
    return refused(
      'file',
      `has no line of headers with a time and a temperature among its first ${custodyLimits.csvHeadLinesMax} lines`,
    )
  const unit = options.unit ?? unitOf(head.title)
  if (unit === null)
    return refused(
      'unit',
      `is neither given nor in the header; it is ${temperatureUnits.join(' or ')}`,
    )
  const rows = lines.flatMap((line, i) =>
    i <= head.line || line.trim() === '' ? [] : [{ line, i }],
  )
  if (rows.length > custodyLimits.csvRowsMax)
    return refused('file', `has more than ${custodyLimits.csvRowsMax} rows`)
  if (rows.length === 0) return refused('file', 'has no row below its headers')
  const readings: Reading[] = []
  for (const { line, i } of rows) {
    const cells = cellsOf(line, head.separator)
    const where = `line ${i + 1}`
    const time = head.times.map(column => cells[column] ?? '').join(' ')
    const atMs = timeMs(time.trim(), options.utcOffsetMinutes)
    if (atMs === null)
      return refused(
        where,
        'has no time such as 2026-01-31 12:00:00; without a zone it needs utc_offset_minutes',
      )
    const value = numberIn(cells[head.temperature] ?? '', head.separator)
    if (value === null) return refused(where, 'has no temperature')
    readings.push({ atMs, celsius: celsiusOf(value, unit) })
  }
  return { ok: true, readings }
}

interface Head {
  line: number
  separator: string
  /** Columns of the time: one, or day and hour. */
  times: number[]
  temperature: number
  title: string
}

function headOf(lines: readonly string[]): Head | null {
  for (const [line, text] of lines.entries())
    for (const separator of separators) {
      const titles = cellsOf(text, separator).map(title => title.toLowerCase())
      const temperature = titles.findIndex(title =>
        /temp|°\s*[cf]\b|celsius|fahrenheit/.test(title),
      )
      const dated = titles.findIndex(title => /^(date|day)$/.test(title))
      const timed = titles.findIndex(title => /time/.test(title))
      const alone = titles.findIndex(title => /time|date/.test(title))
      const times = dated !== -1 && timed !== -1 ? [dated, timed] : alone === -1 ? [] : [alone]
      if (temperature !== -1 && times.length > 0 && !times.includes(temperature))
        return { line, separator, times, temperature, title: titles[temperature]! }
    }
  return null
}

const unitOf = (title: string): TemperatureUnit | null =>
  /°\s*c\b|celsius|\(c\)|_c$/.test(title)
    ? 'celsius'
    : /°\s*f\b|fahrenheit|\(f\)|_f$/.test(title)
      ? 'fahrenheit'
      : null

function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (const sign of line)
    if (sign === '"') quoted = !quoted
    else if (sign === separator && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += sign
  return [...cells, cell.trim()]
}

/** A comma is a decimal sign where it does not separate. */
function numberIn(cell: string, separator: string): number | null {
  const text = separator === ',' ? cell : cell.replace(',', '.')
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : null
}

const withoutZone = /^(\d{4})[-/](\d{2})[-/](\d{2})[ T](\d{2}:\d{2})(:\d{2})?(\.\d{1,3})?$/
function timeMs(text: string, utcOffsetMinutes: number | undefined): number | null {
  const local = withoutZone.exec(text)
  if (local === null) return instantMs(text.replace(' ', 'T'))
  if (utcOffsetMinutes === undefined) return null
  const [, year, month, day, minutes, seconds = ':00', part = ''] = local
  const asUtc = instantMs(`${year}-${month}-${day}T${minutes}${seconds}${part}Z`)
  return asUtc === null ? null : asUtc - utcOffsetMinutes * 60_000
}
