/** Codes: codes of any text or of an order's tracking link, and codes read from pictures. */
import type { WithAudit } from '../audit/port.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { TrackingConfig } from '../tracking/config.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { codeMetrics } from './metrics.ts'
import { CodeReader } from './reader.ts'
import { codeRoutes } from './routes.ts'
import { CodeWriter } from './writer.ts'

export const codes = feature<Kernel & WithAudit & WithConfig<TrackingConfig>>()({
  name: 'codes',
  metrics: codeMetrics,
  services: kernel => ({ codeReader: new CodeReader(kernel), codeWriter: new CodeWriter(kernel) }),
  routes: codeRoutes,
  close({ codeReader, codeWriter }) {
    codeReader.close()
    codeWriter.close()
  },
  tags: { codes: 'Codes written as pictures, and read from pictures' },
  access,
  examples,
  answers: 'edge/codes/answers.json',
})
