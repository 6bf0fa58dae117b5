/**
 * Configuration at run time: the tariff of pharmacies without one, how far a request may reach, the
 * time to answer an offer, and switches. Engines and edges read it without a restart.
 */
import { KnownConfiguration } from '../../protocol/configuration/configuration.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { ConfigurationView, configurationRoutes } from './routes.ts'
import { follow, read } from './stored.ts'

export const configuration = feature<Kernel>()({
  name: 'configuration',
  services: () => ({ configuration: new KnownConfiguration() }),
  routes: configurationRoutes,
  prepare: read,
  start: follow,
  named: { Configuration: ConfigurationView },
  access,
  examples,
  answers: 'edge/configuration/answers.json',
})
