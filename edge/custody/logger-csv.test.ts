/** Files of loggers as they come, and each mistake with its field. */
import t from 'tap'
import { custodyLimits } from './limits.ts'
import { readLoggerCsv, type CsvOptions } from './logger-csv.ts'

const ms = (text: string): number => Date.parse(text)

t.test('files that are read', async t => {
  const rows: [name: string, text: string, options: CsvOptions, first: object][] = [
    [
      'commas, a zone, the unit in the header',
      'Time,Temperature °C\n2026-06-01T08:00:00Z,5.25\n',
      {},
      { atMs: ms('2026-06-01T08:00:00Z'), celsius: 5.25 },
    ],
    [
      'lines about the device, semicolons, a decimal comma, local time',
      '\u{feff}Serial;L-7\r\nTrip;12\r\n\r\n"No.";"Date/Time";"Temp. (C)"\r\n1;2026-06-01 10:00:00;5,5\r\n',
      { utcOffsetMinutes: 120 },
      { atMs: ms('2026-06-01T08:00:00Z'), celsius: 5.5 },
    ],
    [
      'tabs, day and hour apart, Fahrenheit',
      'Date\tTime\tTemperature(°F)\n2026/06/01\t08:00\t41\n',
      { utcOffsetMinutes: 0 },
      { atMs: ms('2026-06-01T08:00:00Z'), celsius: 5 },
    ],
    [
      'a given unit wins',
      'time,temp\n2026-06-01T08:00:00+02:00,32\n',
      { unit: 'fahrenheit' },
      { atMs: ms('2026-06-01T06:00:00Z'), celsius: 0 },
    ],
  ]
  for (const [name, text, options, first] of rows) {
    const read = readLoggerCsv(text, options)
    t.same(read.ok ? read.readings[0] : read, first, name)
  }
})

t.test('mistakes', async t => {
  const row = '2026-06-01T08:00:00Z,5\n'
  const rows: [text: string, field: string][] = [
    ['', 'file'],
    [row, 'file'],
    ['Time,Humidity\n2026-06-01T08:00:00Z,5\n', 'file'],
    ['Time,Temperature °C\n', 'file'],
    [`Time,Temperature °C\n${row.repeat(custodyLimits.csvRowsMax + 1)}`, 'file'],
    [`${'note\n'.repeat(custodyLimits.csvHeadLinesMax)}Time,Temperature °C\n${row}`, 'file'],
    [`Time,Temperature\n${row}`, 'unit'],
    [`Time,Temperature K\n${row}`, 'unit'],
    [`Time,Temperature °C\n${row}01/06/2026 08:00,5\n`, 'line 3'],
    [`Time,Temperature °C\n2026-06-01 08:00:00,5\n`, 'line 2'],
    [`Time,Temperature °C\n2026-02-30T08:00:00Z,5\n`, 'line 2'],
    [`Time,Temperature °C\n2026-06-01T08:00:00Z,warm\n`, 'line 2'],
    [`Time,Temperature °C\n2026-06-01T08:00:00Z\n`, 'line 2'],
  ]
  for (const [text, field] of rows) {
    const read = readLoggerCsv(text, {})
    t.equal(read.ok ? 'read' : read.mistake.field, field, text.slice(0, 60))
  }
  t.equal(
    readLoggerCsv(`Time,Temperature °C\n${row.repeat(custodyLimits.csvRowsMax)}`, {}).ok,
    true,
  )
})
