/** An example of an operation: the document shows it, and a test sends it. */

/** The part of an example that the document shows. */
export interface OperationExample {
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number | boolean>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
  /** The files of a `multipart/form-data` body, by part; `body` has the other fields. */
  files?: Readonly<Record<string, string>>
  /** A body whose signature is checked before it is parsed. */
  raw?: { contentType: string; text: string }
  status: number
}

export interface Example extends OperationExample {
  /** The caller whose access token the example carries; absent: no token. */
  as?: 'customer' | 'vendor' | 'driver' | 'admin'
}
