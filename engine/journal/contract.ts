/**
 * The rules of the journal as tests for every adapter, port by port. A `JournalSubject` is one
 * store with any number of journals over it. The test of an adapter adds a way to look into the
 * store and a way to take it down. Each test uses its own slots and actors, so one store serves the
 * whole suite.
 */
import type { Test } from 'tap'
import { appendRules } from './contract/appends.ts'
import { leaseRules } from './contract/leases.ts'
import { lookupRules } from './contract/lookups.ts'
import { outageRules } from './contract/outage.ts'
import { positionRules } from './contract/positions.ts'
import { proofRules } from './contract/proofs.ts'
import { recoveryRules } from './contract/recovery.ts'
import type { JournalSubject } from './contract/subject.ts'

/** Runs every rule of every port as a subtest of `t`. */
export async function journalContract(
  t: Test,
  name: string,
  make: () => Promise<JournalSubject>,
): Promise<void> {
  const subject = await make()
  const journal = subject.open()
  const rules = { appendRules, recoveryRules, leaseRules, lookupRules, positionRules, proofRules }
  for (const [rule, run] of Object.entries(rules))
    await t.test(`${name}: ${rule}`, t => run(t, subject, journal))
  if (subject.outage) await t.test(`${name}: outage`, t => outageRules(t, subject, subject.outage!))
  await journal.close()
  await subject.close()
}
