/** The audit trail: the caller of each request and each socket that showed or changed a record. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import { AuditView, auditRoutes } from './routes.ts'
import { access } from './callers.ts'
import { createAuditTrail } from './audit-trail.ts'
import { readAuditConfig } from './config.ts'
import { examples } from './examples.ts'
import { deleteOldRows } from './housekeeping.ts'

export const audit = feature()({
  name: 'audit',
  config: readAuditConfig,
  services: ({ database, log, metrics, nowMs, random, after }) => ({
    audit: createAuditTrail({ pool: database.pool, log, metrics, nowMs, random, after }),
  }),
  routes: auditRoutes,
  jobs: { delete_old: every(10, 'Deletes old rows of the audit trail', deleteOldRows) },
  close: ({ audit }) => audit.close(),
  named: { AuditEntry: AuditView },
  access,
  examples,
  answers: 'edge/audit/answers.json',
})
