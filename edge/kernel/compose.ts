/**
 * Composes one edge from a list of features. The settings, metrics and services of all features
 * become one object of parts, and their rows become one table. When two features bring a part of
 * the same name the start fails; otherwise one of them would silently get the other's part.
 */
import type { Environment } from '../../protocol/kernel/environment.ts'
import { migrate } from '../../migrations/database/migrate.ts'
import type { Database } from '../../migrations/database/open.ts'
import { readKernelConfig, type EdgeRole, type KernelConfig } from './config.ts'
import type { Feature } from './feature.ts'
import type { ReadyJob } from './job.ts'
import type { Kernel } from './kernel.ts'

/** Throws for a name that exists already. */
function add(target: object, more: object, whose: string): void {
  for (const [name, value] of Object.entries(more)) {
    if (Object.hasOwn(target, name))
      throw new Error(`the feature ${whose} brings ${name}, which is there already`)
    Object.assign(target, { [name]: value })
  }
}

/**
 * One object of everything that `pick` returns for the features. Throws for a name that two
 * features bring.
 */
export function merged<Value>(
  features: readonly Feature<never>[],
  pick: (feature: Feature<never>) => Readonly<Record<string, Value>> | undefined,
): Record<string, Value> {
  const all: Record<string, Value> = {}
  for (const feature of features) add(all, pick(feature) ?? {}, feature.name)
  return all
}

/** The configuration of the kernel and of every feature. Throws ConfigError. */
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

/** The jobs of all features, as `<feature>.<job>`. */
export const jobsOf = (
  features: readonly Feature<never>[],
  parts: Kernel,
): ReadonlyMap<string, ReadyJob> =>
  new Map(
    features.flatMap(({ name, jobs = {} }) =>
      Object.entries(jobs).map(([job, { everyMinutes, about, run }]) => [
        `${name}.${job}`,
        { everyMinutes, about, run: of => run(parts as never, of) },
      ]),
    ),
  )

/**
 * Migrates the tables of each feature to the version of this program. Idempotent. Throws an error
 * of one line.
 */
export async function migrateTables(
  features: readonly Feature<never>[],
  database: Pick<Database, 'pool'>,
): Promise<void> {
  for (const { name, tables } of features)
    if (tables !== undefined) await migrate(database.pool, tables, `migrations_of_${name}`)
}
