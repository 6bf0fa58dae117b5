/**
 * A feature of an edge is one value from one folder: its routes, sockets, messages, tables,
 * configuration, metrics, background work, examples, access rows and pages. Only `edge/features.ts`
 * knows the features by name. Each feature states in a type the parts that it needs, so a list that
 * lacks a needed service does not compile. Rejected: registration by calls at import, because the
 * order of imports would decide and nothing could list the features.
 */
import type { Migration } from 'kysely'
import type { Registry } from 'prom-client'
import type Type from 'typebox'
import type { OwnSockets } from '../../protocol/documents/sockets.ts'
import type { Environment } from '../../protocol/kernel/environment.ts'
import type { AnyRoute } from './route.ts'
import type { SocketRow } from './socket.ts'
import type { Caller } from './access.ts'
import type { Job } from './job.ts'
import type { KernelConfig } from './config.ts'
import type { Example } from './example.ts'
import type { Kernel } from './kernel.ts'

/** Settings and counters that a feature adds to those of the kernel. */
interface Added<Settings, Counters> {
  readonly config: Settings
  readonly metrics: Counters
}

/**
 * A feature as its author writes it. `Needs` are its parts; its own settings, metrics and services
 * are added to them.
 */
export interface FeatureDefinition<
  Needs,
  Settings extends object,
  Counters extends object,
  Services extends object,
> {
  name: string
  /** Its variables, read before anything is opened. Throws ConfigError. */
  config?(environment: Environment, kernel: KernelConfig): Settings
  metrics?(registry: Registry): Counters
  /**
   * Its own tables, migrated at start in the order of their names. A migrations table of the
   * feature records the steps.
   */
  tables?: Readonly<Record<string, Migration>>
  /**
   * Services for other features. They are made in no fixed order, so this function may not use the
   * services of another feature.
   */
  services?(kernel: Kernel & Added<Settings, Counters>): Services

  routes?(parts: Needs & Services & Added<Settings, Counters>): readonly AnyRoute[]
  sockets?(parts: Needs & Services & Added<Settings, Counters>): readonly SocketRow[]
  /** The messages of its sockets, for the AsyncAPI document. */
  messages?: OwnSockets
  /**
   * Folders of its pages, from the root of the sources, such as `edge/orders/page`. Each has a
   * `page.json`, which `edge/http/page-folder.ts` describes.
   */
  pages?: readonly string[]

  /** Runs before the port opens; a failure ends the start. */
  prepare?(parts: Needs & Services & Added<Settings, Counters>): Promise<void>
  /**
   * Starts background work once the port is open. Returns the function that stops it; its promise
   * is awaited.
   */
  start?(parts: Needs & Services & Added<Settings, Counters>): () => void | Promise<void>
  /**
   * Work that one edge does for all, by name; `every` writes one in a line. A late run must be
   * harmless: readers of expired rows check the time themselves.
   */
  jobs?: Readonly<Record<string, Job<Needs & Services & Added<Settings, Counters>>>>
  /** Finishes the work that requests began. Runs once the last request is answered. */
  drain?(parts: Needs & Services & Added<Settings, Counters>): Promise<void>
  /** Runs at the very end, when every socket is closed. */
  close?(parts: Needs & Services & Added<Settings, Counters>): void | Promise<void>

  /** Schemas that the API document gives a name and refers to wherever they occur. */
  named?: Readonly<Record<string, Type.TSchema>>
  /** Tags of the API document with their texts. */
  tags?: Readonly<Record<string, string>>
  /** By operationId, in an order in which they can be tried one after the other. */
  examples?: Readonly<Record<string, Example>>
  /**
   * The file with the answers of a real server to the examples, by operationId; a path from the
   * root of the sources.
   */
  answers?: string
  /**
   * The callers that get an answer, by operationId. Everybody else is refused with 401, 403 or 404.
   */
  access?: Readonly<Record<string, readonly Caller[]>>
}

/** A feature as the list holds it. `Brings` are the parts that it adds for others. */
export interface Feature<Needs = Kernel, Brings extends object = object> extends FeatureDefinition<
  Needs,
  object,
  object,
  object
> {
  /** Exists as a type only. */
  readonly brings?: Brings
}

/**
 * Writes a feature with its types inferred: `feature<Needs>()({ name: … })`. The cast is sound
 * because `compose` gives each feature the parts that it named and the parts that it brings.
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
