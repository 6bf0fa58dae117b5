/** An example of an operation: the document shows it, and a test sends it. */

/** What the document shows of one exchange. */
export interface OperationExample {
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number | boolean>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
  /** Of `multipart/form-data`: the files by part; `body` has the other fields. */
  files?: Readonly<Record<string, string>>
  /** A body that is not parsed before its signature is checked. */
  raw?: { contentType: string; text: string }
  status: number
}

export interface Example extends OperationExample {
  /** Whose access token it carries; nobody's when it is left out. */
  as?: 'customer' | 'vendor' | 'driver' | 'admin'
}
