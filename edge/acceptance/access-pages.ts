/** The requests of the access test for the pages and their sign-ins. */
interface Call {
  params: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

const page: Call = { params: { page: 'customer' }, headers: { 'x-caduceus-page': 'customer' } }

/** By operationId. */
export const pageCalls: Readonly<Record<string, { of(): Call }>> = {
  /** An older API has `GET /pharmacy` for programs. */
  pharmacyPage: { of: () => ({ params: {}, headers: { accept: 'text/html' } }) },
  webFile: { of: () => ({ params: { file: 'shared-app.css' } }) },
  renewPageSession: { of: () => ({ ...page, body: {} }) },
  endPageSession: { of: () => page },
}
