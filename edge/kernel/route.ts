/**
 * A route is a row of data: where it is, who may call it, what it takes and gives, and the handler.
 * The router, the guards, the validation and the OpenAPI document all read the same row, so none of
 * them can drift from the others. Rejected: decorators or a chain of middleware, where the order of
 * registration decides what is checked and nothing can list the routes.
 */
import type { Logger } from 'pino'
import type Type from 'typebox'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Identity, Role, Scope } from './identity.ts'
import type { RateClass } from './rates.ts'
import { httpLimits } from './http-limits.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** `none`: anybody. `optional`: anybody, but a token that is given must be good. Otherwise one of the roles. */
export type Auth = 'none' | 'optional' | readonly Role[]

export interface FilePart {
  name: string
  filename: string | null
  type: string | null
  data: Uint8Array
}

/** A body of `multipart/form-data`, or the raw bytes of one file where `raw` names the part they stand for. */
export interface MultipartBody<F extends Type.TSchema> {
  fields: F
  files: Readonly<Record<string, { required: boolean; description: string }>>
  raw?: string
}

/** The body as the bytes it is, for a sender that signs them: nothing is parsed before the signature is checked. */
export interface RawBody {
  contentTypes: readonly string[]
  description: string
}

/** A body that is handled while it comes. What is not of the content type is refused, unless there is none at all and it is `optional`. */
export interface StreamedBody {
  contentType: string
  description: string
  optional?: boolean
}
export interface BodyStream {
  readonly hasBody: boolean
  /** As they come; throws `SenderLeft` when there will be no more, and how the body is refused. They are counted for their sender until they are forgotten. */
  pieces(): AsyncIterable<Uint8Array>
  forget(bytes: number): void
  /** Counts memory that is needed to handle it, until the answer. Throws `too_many_requests` or `overloaded`. */
  hold(bytes: number): void
}

/** A header of the request that the document shows; the handler reads it. */
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
  body: B
  /** The files of a multipart body; empty otherwise. */
  parts: FilePart[]
  /** Of a row with `streamedBody`. */
  stream: BodyStream
  identity: I
  /** The identity as commands carry it; `null` when there is none. */
  principal: I extends Identity ? Principal : Principal | null
  requestId: string
  /** When its headers were here; its body may have taken minutes more. */
  begunAtMs: number
  /** Of the client, for rates and for the record. */
  address: string
  /** The caller is a program on this machine, and no proxy that speaks for somebody else. */
  readonly isLocal: boolean
  /** Where the caller reached this server, for links that leave it; null when the request named no host. */
  readonly origin: string | null
  headers: Readonly<Record<string, string>>
  /** Every line of it carries the request's id. */
  readonly log: Logger
}

/** `body` is sent as JSON, unless it is bytes, chunks of bytes to come, or text whose content type `headers` names. */
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
  /** With `:name` for parameters. `:id` and `:..._id` must be UUIDs unless `params` says otherwise. */
  path: string
  operationId: string
  summary: string
  tags: readonly string[]
  auth: A
  /** With `optional`: a token that is not good counts as none, for rows that a client calls when its token may be old. */
  expiredToken?: 'ignored'
  /** What an API key must carry to pass here too; without it the row is closed to keys. */
  scope?: Scope
  /**
   * Who passes although a decision keeps them from work: `carrying`, a driver who still has a parcel to bring to its
   * end; `any`, also a pharmacy or driver that waits, was refused or has ended; `driver`, so a driver but no pharmacy,
   * where a driver sees the own record and a pharmacy those of its people. Without it neither: a row added
   * tomorrow is closed to them without its author's help.
   */
  standing?: 'carrying' | 'any' | 'driver'
  params?: P
  query?: Q
  /** JSON. With `multipart` beside it, the content type of the request decides. */
  body?: B
  multipart?: MultipartBody<F>
  /** Instead of `body` and `multipart`: the handler gets a Uint8Array as its body. */
  rawBody?: RawBody
  /** What a JSON or signed body may have at most, in bytes, where the sense of the row needs another bound than `jsonBytesMax` gives. */
  bodyBytesMax?: number
  /** Instead of the others: the handler reads `stream`. */
  streamedBody?: StreamedBody
  headerParameters?: Readonly<Record<string, HeaderParameter>>
  /** Of every answer of the row, of refusals too. */
  answerHeaders?: Readonly<Record<string, string>>
  /** What the path says of itself when it is asked with OPTIONS. */
  options?: Readonly<Record<string, string>>
  responses: Readonly<Record<number, RouteResponse>>
  /** Codes beyond those that follow from the row itself (validation, authentication, size). */
  errors?: readonly ErrorCode[]
  /** The path this row is another name of; only the shape differs. */
  alias?: string
  /** Which rate limit counts it; by default what the row plainly is (`rateClassOf`). */
  rate?: Exclude<RateClass, 'socket'>
  /**
   * What the audit trail says it was about; by default what the path says. `id` reads it from a good
   * answer, where the path has none. False for what changes nothing and shows nobody's record.
   */
  audit?: false | { kind: string; id?(body: unknown): unknown }
  /** A page for people: whatever a link was given on its way here, it opens. */
  page?: true
  /** Takes `If-Match` and answers `ETag`: two people may edit the record. */
  versioned?: boolean
  /** The answer may be given again to a repeat with the same `Idempotency-Key`. */
  idempotent?: boolean
  /** Gives the problem document another shape, for clients of an older API. */
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

/** Writes a row with its types inferred. The cast is sound because the router hands over what the schemas admitted. */
export function route<
  P extends Type.TSchema = Type.TSchema,
  Q extends Type.TSchema = Type.TSchema,
  B extends Type.TSchema = Type.TSchema,
  F extends Type.TSchema = Type.TSchema,
  const A extends Auth = Auth,
>(row: Route<P, Q, B, F, A>): AnyRoute {
  return row as unknown as AnyRoute
}

/** Bytes that a JSON or signed body of the row may have. */
export const jsonBytesMax = (row: Pick<AnyRoute, 'bodyBytesMax' | 'rawBody'>): number =>
  row.bodyBytesMax ??
  (row.rawBody === undefined ? httpLimits.jsonBodyBytesMax : httpLimits.signedBodyBytesMax)
