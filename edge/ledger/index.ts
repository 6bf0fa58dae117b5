/** The ledger: who is owed what, from the facts of the journal, and corrections with four eyes. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { IdempotencyContext } from '../idempotency/idempotency.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { followFacts } from './follow.ts'
import { checkSums, expirePending } from './housekeeping.ts'
import { ledgerMetrics } from './metrics.ts'
import { ledgerRoutes } from './routes.ts'
import { AccountView, CorrectionView, TransferView } from './views.ts'

export const ledger = feature<Kernel & IdempotencyContext>()({
  name: 'ledger',
  metrics: ledgerMetrics,
  routes: ledgerRoutes,
  start: followFacts,
  jobs: {
    expire_pending: every(10, 'Frees what nobody has posted in time', expirePending),
    check_sums: every(60, 'Adds up all transfers and compares the sums', checkSums),
  },
  named: {
    LedgerAccount: AccountView,
    LedgerTransfer: TransferView,
    LedgerCorrection: CorrectionView,
  },
  tags: { ledger: 'Accounts, transfers and corrections of the ledger' },
  access,
  examples,
  answers: 'edge/ledger/answers.json',
})
