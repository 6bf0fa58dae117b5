/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  listLedgerAccounts: { as: 'driver', query: { limit: 1 }, status: 200 },
  listLedgerTransfers: {
    as: 'driver',
    params: { id: of.ledgerAccount },
    query: { limit: 1 },
    status: 200,
  },
  proposeLedgerCorrection: {
    as: 'admin',
    body: {
      debit_account_id: of.ledgerAccount,
      credit_account_id: of.otherLedgerAccount,
      amount: 1.5,
      currency: 'USD',
      reason: 'paid twice on 3 June',
    },
    status: 201,
  },
  listLedgerCorrections: { as: 'admin', query: { limit: 1 }, status: 200 },
  decideLedgerCorrection: {
    as: 'admin',
    params: { id: of.correction },
    body: { decision: 'refused' },
    status: 200,
  },
}
