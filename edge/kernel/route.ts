/**
 * A route is a row of data: its path, its callers, its input and output, and the handler. The
 * router, the guards, the validation and the OpenAPI document all read the same row, so they cannot
 * differ. Rejected: decorators or a chain of middleware, because the order of registration would
 * decide which checks run, and nothing could list the routes.
 */
import type { Logger } from 'pino'
import type Type from 'typebox'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Scope } from '../../protocol/accounts/scopes.ts'
import type { Identity, Role } from './identity.ts'
import type { RateClass } from './rates.ts'
import { httpLimits } from './http-limits.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/**
 * `none`: anybody. `optional`: anybody, but a token must be valid when there is one. Otherwise a
 * list of roles.
 */
export type Auth = 'none' | 'optional' | readonly Role[]

export interface FilePart {
  name: string
  filename: string | null
  type: string | null
  data: Uint8Array
}

/**
 * A body of `multipart/form-data`, or the raw bytes of one file. `raw` names the part for which raw
 * bytes stand.
 */
export interface MultipartBody<F extends Type.TSchema> {
  fields: F
  files: Readonly<Record<string, { required: boolean; description: string }>>
  raw?: string
}

/**
 * A body of raw bytes for a sender that signs them. Nothing is parsed before the signature is
 * checked.
 */
export interface RawBody {
  contentTypes: readonly string[]
  description: string
  /**
   * The handler gets null in place of a body beyond the bound. For senders that repeat a refused
   * request for ever.
   */
  oversized?: 'null'
}

/**
 * A body that is handled while it arrives. A body of another content type is refused; an `optional`
 * body may be absent.
 */
export interface StreamedBody {
  contentType: string
  description: string
  optional?: boolean
}
export interface BodyStream {
  readonly hasBody: boolean
  /**
   * The pieces as they arrive. Throws `SenderLeft` when no more will come, and the error with which
   * the body is refused. The bytes count for their sender until `forget`.
   */
  pieces(): AsyncIterable<Uint8Array>
  forget(bytes: number): void
  /**
   * Counts memory that the handling needs until the answer. Throws `too_many_requests` or
   * `overloaded`.
   */
  hold(bytes: number): void
}

/** A request header that the document shows; the handler reads it. */
export interface HeaderParameter {
  required: boolean
  description: string
}

export interface RouteResponse {
  description: string
  schema?: Type.TSchema
  contentType?: string
}

export interface RouteRequest<
  P = Record<string, string>,
  Q = unknown,
  B = unknown,
  I = Identity | null,
> {
  params: P
  query: Q
  /** The query as it came, for a row with `ownQuery`. */
  queryText: string
  body: B
  /** The files of a multipart body; empty otherwise. */
  parts: FilePart[]
  /** The body of a row with `streamedBody`. */
  stream: BodyStream
  identity: I
  /** The identity as commands carry it; `null` when there is none. */
  principal: I extends Identity ? Principal : Principal | null
  requestId: string
  /** Time when the headers arrived; the body may have taken minutes more. */
  begunAtMs: number
  /** Address of the client, for rates and for the audit trail. */
  address: string
  /** True for a program on this machine that is not a proxy for somebody else. */
  readonly isLocal: boolean
  /**
   * The origin by which the caller reached this server, for links that leave it; null when the
   * request named no host.
   */
  readonly origin: string | null
  headers: Readonly<Record<string, string>>
  /** A logger whose lines carry the id of the request. */
  readonly log: Logger
}

/**
 * `body` is sent as JSON, unless it is bytes, chunks of bytes that come later, or text whose
 * content type `headers` names.
 */
export interface RouteAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

export interface Route<
  P extends Type.TSchema = Type.TSchema,
  Q extends Type.TSchema = Type.TSchema,
  B extends Type.TSchema = Type.TSchema,
  F extends Type.TSchema = Type.TSchema,
  A extends Auth = Auth,
> {
  method: Method
  /**
   * Has `:name` for parameters. `:id` and `:..._id` must be UUIDs unless `params` says otherwise.
   */
  path: string
  operationId: string
  summary: string
  tags: readonly string[]
  auth: A
  /**
   * With `optional`: an invalid token counts as no token, for rows that a client calls when its
   * token may be old.
   */
  expiredToken?: 'ignored'
  /** The scope that lets an API key pass; absent: the row is closed to keys. */
  scope?: Scope
  /**
   * Callers who pass although a decision keeps them from work. `carrying`: a driver who still has
   * an order to deliver. `any`: also a pharmacy or a driver who waits, was refused or has ended.
   * `driver`: like `any` for a driver, closed for such a pharmacy; for rows where a driver sees the
   * own record and a pharmacy those of its drivers. Absent: none of them, so a new row is closed to
   * them by default.
   */
  standing?: 'carrying' | 'any' | 'driver'
  params?: P
  query?: Q
  /**
   * The handler reads `queryText`, because the senders repeat names and add names of their own.
   * `query` then only documents the names that it knows.
   */
  ownQuery?: true
  /** The JSON body. With `multipart` beside it, the content type of the request decides. */
  body?: B
  multipart?: MultipartBody<F>
  /** Replaces `body` and `multipart`: the body of the handler is a Uint8Array. */
  rawBody?: RawBody
  /**
   * Bound of a JSON or signed body in bytes, for a row that needs another one than the default;
   * `jsonBytesMax` reads it.
   */
  bodyBytesMax?: number
  /** Replaces the other bodies: the handler reads `stream`. */
  streamedBody?: StreamedBody
  headerParameters?: Readonly<Record<string, HeaderParameter>>
  /** Headers of every answer of the row, also of refusals. */
  answerHeaders?: Readonly<Record<string, string>>
  /** Headers of the answer to OPTIONS. */
  options?: Readonly<Record<string, string>>
  responses: Readonly<Record<number, RouteResponse>>
  /**
   * Error codes beyond those that follow from the row itself (validation, authentication, size).
   */
  errors?: readonly ErrorCode[]
  /** The path for which this row is another name; only the shape differs. */
  alias?: string
  /** The rate limit that counts it; by default the one of `rateClassOf`. */
  rate?: Exclude<RateClass, 'socket'>
  /**
   * The target in the audit trail; by default read from the path. `id` reads it from a successful
   * answer where the path has none. False for a row that changes nothing and shows nobody's record.
   */
  audit?: false | { kind: string; id?(body: unknown): unknown }
  /** A page for people. It opens with any query that a link carries. */
  page?: true
  /** Takes `If-Match` and answers `ETag`, because two people may edit the record. */
  versioned?: boolean
  /** The answer may be repeated for the same `Idempotency-Key`. */
  idempotent?: boolean
  /** Gives the problem document another shape for clients of an older API. */
  shapeError?: (
    code: ErrorCode,
    problem: Record<string, unknown>,
  ) => { status: number; body: Record<string, unknown> }
  handler: Handler<P, Q, B, F, A>
}

type IdentityOf<A extends Auth> = A extends readonly Role[] ? Identity : Identity | null
type BodyOf<B extends Type.TSchema, F extends Type.TSchema> = Type.TSchema extends B
  ? Type.TSchema extends F
    ? unknown
    : Type.Static<F>
  : Type.TSchema extends F
    ? Type.Static<B>
    : Type.Static<B> | Type.Static<F>

export type Handler<
  P extends Type.TSchema,
  Q extends Type.TSchema,
  B extends Type.TSchema,
  F extends Type.TSchema,
  A extends Auth,
> = (
  request: RouteRequest<
    Type.TSchema extends P ? Record<string, string> : Type.Static<P>,
    Type.Static<Q>,
    BodyOf<B, F>,
    IdentityOf<A>
  >,
) => Promise<RouteAnswer> | RouteAnswer

/** A row whose types were checked where it was written. */
export type AnyRoute = Omit<Route, 'handler'> & {
  handler: (request: RouteRequest) => Promise<RouteAnswer> | RouteAnswer
}

/**
 * Writes a row with its types inferred. The cast is sound because the router passes only values
 * that the schemas accepted.
 */
export function route<
  P extends Type.TSchema = Type.TSchema,
  Q extends Type.TSchema = Type.TSchema,
  B extends Type.TSchema = Type.TSchema,
  F extends Type.TSchema = Type.TSchema,
  const A extends Auth = Auth,
>(row: Route<P, Q, B, F, A>): AnyRoute {
  return row as unknown as AnyRoute
}

/**
 * The row under an older name. Only the path and the names in the documents differ; a row whose
 * older name has another shape is written out instead.
 */
export const underOlderName = (
  row: AnyRoute,
  older: Pick<AnyRoute, 'path' | 'operationId' | 'tags'>,
): AnyRoute => ({ ...row, ...older, alias: row.path.replaceAll(/:([a-z_]+)/g, '{$1}') })

/** Bound of a JSON or signed body of the row, in bytes. */
export const jsonBytesMax = (row: Pick<AnyRoute, 'bodyBytesMax' | 'rawBody'>): number =>
  row.bodyBytesMax ??
  (row.rawBody === undefined ? httpLimits.jsonBodyBytesMax : httpLimits.signedBodyBytesMax)
