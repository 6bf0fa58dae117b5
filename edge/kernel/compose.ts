/**
 * From a list of features to one edge: their settings, metrics and services become the parts that all
 * of them see, and their rows one table. Two features that bring a part of the same name end the start,
 * because one of them would silently get the other's.
 */
import type { Environment } from '../../protocol/kernel/environment.ts'
import { migrate } from '../../migrations/database/migrate.ts'
import type { Database } from '../../migrations/database/open.ts'
import { readKernelConfig, type EdgeRole, type KernelConfig } from './config.ts'
import type { Feature } from './feature.ts'
import type { Kernel } from './kernel.ts'

/** Throws for a name that is there already. */
function add(target: object, more: object, whose: string): void {
  for (const [name, value] of Object.entries(more)) {
    if (Object.hasOwn(target, name))
      throw new Error(`the feature ${whose} brings ${name}, which is there already`)
    Object.assign(target, { [name]: value })
  }
}

/** One object of all that `pick` gives for each feature. Throws for a name that two of them bring. */
export function merged<Value>(
  features: readonly Feature<never>[],
  pick: (feature: Feature<never>) => Readonly<Record<string, Value>> | undefined,
): Record<string, Value> {
  const all: Record<string, Value> = {}
  for (const feature of features) add(all, pick(feature) ?? {}, feature.name)
  return all
}

/** The kernel's configuration with that of every feature. Throws ConfigError. */
export function readFeatureConfig(
  features: readonly Feature<never>[],
  environment: Environment,
  role: EdgeRole,
): KernelConfig {
  const kernel = readKernelConfig(environment, role)
  const config = { ...kernel }
  for (const { name, config: read } of features)
    add(config, read?.(environment, kernel) ?? {}, name)
  return config
}

/** The parts of an edge: the kernel's ports, with the metrics and services of every feature. */
export function composeParts(features: readonly Feature<never>[], kernel: Kernel): Kernel {
  const metrics = { ...kernel.metrics }
  for (const { name, metrics: make } of features)
    add(metrics, make?.(kernel.metrics.registry) ?? {}, name)
  const parts = { ...kernel, metrics }
  const services = features.map(({ name, services: make }) => ({
    name,
    made: make?.(parts as never) ?? {},
  }))
  for (const { name, made } of services) add(parts, made, name)
  return parts
}

/** Brings the tables of each feature to this program's state. Idempotent; throws one line. */
export async function migrateTables(
  features: readonly Feature<never>[],
  database: Pick<Database, 'pool'>,
): Promise<void> {
  for (const { name, tables } of features)
    if (tables !== undefined) await migrate(database.pool, tables, `migrations_of_${name}`)
}
