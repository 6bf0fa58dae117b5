/**
 * A feature of an edge is one value: its routes, sockets, messages, tables, configuration, metrics,
 * background work, examples, access rows and pages, from its own folder. `edge/features.ts` lists the
 * features, and nothing else knows them by name. Each states the parts that it needs in a type, so a
 * list that lacks a needed service does not compile. Rejected: registration by calls at import, where
 * the order of imports decides and nothing can list what there is.
 */
import type { Migration } from 'kysely'
import type { Registry } from 'prom-client'
import type Type from 'typebox'
import type { OwnSockets } from '../../protocol/documents/sockets.ts'
import type { Environment } from '../../protocol/kernel/environment.ts'
import type { AnyRoute } from './route.ts'
import type { SocketRow } from './socket.ts'
import type { Caller } from './access.ts'
import type { KernelConfig } from './config.ts'
import type { Example } from './example.ts'
import type { Kernel } from './kernel.ts'

/** Counters and settings that a feature adds to those of the kernel. */
interface Added<Settings, Counters> {
  readonly config: Settings
  readonly metrics: Counters
}

/** A feature as it is written: `Needs` are its parts, to which its own settings, metrics and services are added. */
export interface FeatureDefinition<
  Needs,
  Settings extends object,
  Counters extends object,
  Services extends object,
> {
  name: string
  /** Its part of the environment, read before anything is opened. Throws ConfigError. */
  config?(environment: Environment, kernel: KernelConfig): Settings
  metrics?(registry: Registry): Counters
  /** Its own tables, migrated at start in the order of their names, with a bookkeeping of their own. */
  tables?: Readonly<Record<string, Migration>>
  /** What it offers to other features. They are not made in any order: one may not use another's here. */
  services?(kernel: Kernel & Added<Settings, Counters>): Services

  routes?(parts: Needs & Services & Added<Settings, Counters>): readonly AnyRoute[]
  sockets?(parts: Needs & Services & Added<Settings, Counters>): readonly SocketRow[]
  /** What its sockets say, for the AsyncAPI document. */
  messages?: OwnSockets
  /** Folders of its pages, from the root of the sources, as `edge/orders/page`. Each has a `page.json`, which `edge/http/page-folder.ts` describes. */
  pages?: readonly string[]

  /** Before the port opens; a failure ends the start. */
  prepare?(parts: Needs & Services & Added<Settings, Counters>): Promise<void>
  /** Background work, once the port is open; returns the way to stop, whose promise is waited for. */
  start?(parts: Needs & Services & Added<Settings, Counters>): () => void | Promise<void>
  /** Deletes what has expired; called every few minutes. Late is harmless: readers check the time themselves. */
  housekeeping?(parts: Needs & Services & Added<Settings, Counters>): Promise<void>
  /** Once the last request is answered: finishes what requests began. */
  drain?(parts: Needs & Services & Added<Settings, Counters>): Promise<void>
  /** At the very end, when every socket is closed. */
  close?(parts: Needs & Services & Added<Settings, Counters>): void | Promise<void>

  /** Schemas that the API document gives a name and refers to wherever they occur. */
  named?: Readonly<Record<string, Type.TSchema>>
  /** Tags of the API document with their texts. */
  tags?: Readonly<Record<string, string>>
  /** By operationId, in an order in which they can be tried one after the other. */
  examples?: Readonly<Record<string, Example>>
  /** The file of the answers that a real server gave to the examples, by operationId, from the root of the sources. */
  answers?: string
  /** Who is answered, by operationId; everybody else is refused with 401, 403 or 404. */
  access?: Readonly<Record<string, readonly Caller[]>>
}

/** A feature as the list holds it. `Brings` says which parts it adds for the others. */
export interface Feature<Needs = Kernel, Brings extends object = object> extends FeatureDefinition<
  Needs,
  object,
  object,
  object
> {
  /** A type only; no value has it. */
  readonly brings?: Brings
}

/**
 * Writes a feature with its types inferred: `feature<Needs>()({ name: … })`. The cast is sound because
 * `compose` hands each feature the parts that it named and the ones that it brings itself.
 */
export const feature =
  <Needs extends object = Kernel>() =>
  <
    Settings extends object = object,
    Counters extends object = object,
    Services extends object = object,
  >(
    definition: FeatureDefinition<Needs, Settings, Counters, Services>,
  ): Feature<Needs, Services & Added<Settings, Counters>> =>
    definition as unknown as Feature<Needs, Services & Added<Settings, Counters>>

type Union<T> = T extends Feature<never, infer Brings> ? (brings: Brings) => void : never
/** All parts that the features of a list add to the kernel's. */
export type BroughtBy<List extends readonly Feature<never>[]> =
  Union<List[number]> extends (brings: infer All) => void ? All : never
/** The parts of an edge with these features. */
export type PartsOf<List extends readonly Feature<never>[]> = Kernel & BroughtBy<List>
