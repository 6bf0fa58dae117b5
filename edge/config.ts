/** The configuration of an edge: the kernel's and that of each feature, read once at start. */
import type { Environment } from '../protocol/kernel/environment.ts'
import { features, type EdgeConfig, type EdgeFeature } from './features.ts'
import { readFeatureConfig } from './kernel/compose.ts'
import type { EdgeRole } from './kernel/config.ts'

/** Throws ConfigError with one line that names the variable and says how to mend it. */
export const readConfig = (
  environment: Environment,
  role: EdgeRole,
  list: readonly EdgeFeature[] = features,
): EdgeConfig => readFeatureConfig(list, environment, role) as EdgeConfig
