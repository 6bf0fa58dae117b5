/**
 * Operations: health, metrics, and commands that were given up, for the operators of a deployment.
 */
import type { RegistrationConfig } from '../approval/registration.ts'
import { answerFigures } from '../../protocol/dispatch/figures.ts'
import { feature } from '../kernel/feature.ts'
import type { WithVault } from '../keys/vault.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { parkedCommandRoutes } from './parked-commands.ts'
import { processRoutes } from './processes.ts'
import { systemRoutes } from './routes.ts'
import { access } from './callers.ts'
import { readOperationsConfig } from './config.ts'
import { examples } from './examples.ts'
import { operationsMetrics } from './metrics.ts'

export const operations = feature<Kernel & WithConfig<RegistrationConfig> & WithVault>()({
  name: 'operations',
  config: readOperationsConfig,
  metrics: operationsMetrics,
  routes: parts => [...processRoutes(parts), ...parkedCommandRoutes(parts), ...systemRoutes(parts)],
  start(parts) {
    const answers = answerFigures(parts.bus, 'edge', parts.edgeId, () => ({
      sockets: parts.hub.size,
    }))
    return () => answers.unsubscribe()
  },
  tags: { system: 'Health and metrics' },
  access,
  examples,
  answers: 'edge/operations/answers.json',
})
