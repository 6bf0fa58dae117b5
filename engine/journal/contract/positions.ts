/** The newest positions and the breadcrumbs of drivers are stored and read. */
import type { Test } from 'tap'
import type { Store } from '../journal.ts'
import type { PositionRow } from '../positions.ts'
import { startMs, testId } from './rows.ts'
import type { JournalSubject } from './subject.ts'

const position = (driverId: string, atMs: number): PositionRow => ({
  driverId,
  latitude: atMs % 90,
  longitude: 1.25,
  headingDeg: null,
  speedMps: 3.5,
  atMs,
})

/** Runs the rules as subtests of `t`. */
export async function positionRules(
  t: Test,
  _subject: JournalSubject,
  journal: Store,
): Promise<void> {
  await t.test('the newest position of each driver is stored', async t => {
    const [d1, d2] = [testId(), testId()]
    await journal.savePositions([
      position(d1, startMs + 5),
      position(d1, startMs + 7),
      position(d2, startMs + 1),
    ])
    await journal.savePositions([position(d1, startMs + 6)])
    t.same(
      (await journal.loadPositions(startMs)).sort((a, b) => a.atMs - b.atMs),
      [position(d2, startMs + 1), position(d1, startMs + 7)],
    )
    t.same(await journal.loadPositions(startMs + 7), [])
    await journal.savePositions([])
  })

  await t.test(
    'a breadcrumb is stored once, and breadcrumbs are read in the order of their times',
    async t => {
      const [o1, o2, driverId] = [testId(), testId(), testId()]
      const crumb = (orderId: string, atMs: number) => ({
        orderId,
        driverId,
        atMs,
        latitude: 1.5,
        longitude: -2.5,
      })
      await journal.saveBreadcrumbs([
        crumb(o1, startMs + 2),
        crumb(o1, startMs + 1),
        crumb(o2, startMs),
      ])
      await journal.saveBreadcrumbs([crumb(o1, startMs + 2), crumb(o1, startMs + 3)])
      t.same(await journal.loadBreadcrumbs([o1]), [
        crumb(o1, startMs + 1),
        crumb(o1, startMs + 2),
        crumb(o1, startMs + 3),
      ])
      t.same(await journal.loadBreadcrumbs([]), [])
    },
  )
}
