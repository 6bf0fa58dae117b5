/** Quiet hours and the daily mail, also over midnight and when clocks change. */
import t from 'tap'
import fc from '../testing/properties.ts'
import { digestTimeOf, quietUntil } from './quiet.ts'

const at = (text: string): number => Date.parse(text)
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const night = { from: '22:00', to: '07:00' }

t.test('quiet hours end at their time, in the zone of the person', async t => {
  for (const [now, zone, hours, until] of [
    ['2026-11-30T21:59:59Z', 'UTC', night, null],
    ['2026-11-30T22:00:00Z', 'UTC', night, '2026-12-01T07:00:00.000Z'],
    ['2026-12-01T06:59:59Z', 'UTC', night, '2026-12-01T07:00:00.000Z'],
    ['2026-12-01T07:00:00Z', 'UTC', night, null],
    ['2026-11-30T17:00:00Z', 'Asia/Kathmandu', night, '2026-12-01T01:15:00.000Z'],
    ['2026-11-30T12:30:00Z', 'UTC', { from: '12:00', to: '14:00' }, '2026-11-30T14:00:00.000Z'],
    ['2026-11-30T14:00:00Z', 'UTC', { from: '12:00', to: '14:00' }, null],
    // Clocks go forward from 02:00 to 03:00, so the night is an hour shorter.
    ['2026-03-29T00:30:00Z', 'Europe/Berlin', night, '2026-03-29T05:00:00.000Z'],
    // 02:30 does not exist on that day.
    [
      '2026-03-29T00:30:00Z',
      'Europe/Berlin',
      { from: '01:00', to: '02:30' },
      '2026-03-29T01:30:00.000Z',
    ],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', night, '2026-10-25T06:00:00.000Z'],
    // 02:10 for the second time on that day.
    [
      '2026-10-25T01:10:00Z',
      'Europe/Berlin',
      { from: '22:00', to: '02:30' },
      '2026-10-25T01:30:00.000Z',
    ],
  ] as const)
    t.equal(iso(quietUntil(at(now), hours, zone)), until, `${now} ${zone}`)
})

t.test('the daily mail comes at the next morning of the person', async t => {
  t.equal(iso(digestTimeOf(at('2026-11-30T07:59:00Z'), 'UTC')), '2026-11-30T08:00:00.000Z')
  t.equal(iso(digestTimeOf(at('2026-11-30T08:00:00Z'), 'UTC')), '2026-12-01T08:00:00.000Z')
  t.equal(iso(digestTimeOf(at('2026-11-30T08:00:00Z'), 'Asia/Tokyo')), '2026-11-30T23:00:00.000Z')
})

t.test('for every time: the end is ahead, within a day or so, and no longer quiet', async t => {
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu')
  const time = fc
    .nat(24 * 60 - 1)
    .map(m => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`)
  fc.assert(
    fc.property(
      fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
      zone,
      time,
      time,
      (now, zone, from, to) => {
        fc.pre(from !== to)
        const until = quietUntil(now, { from, to }, zone)
        return until === null || (until > now && until - now <= 24 * 3_600_000)
      },
    ),
  )
  t.pass()
})
