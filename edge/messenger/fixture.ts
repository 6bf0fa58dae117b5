/**
 * Servers for tests: a real SMTP server, and an HTTP server with the part of Twilio's API that we
 * use.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail that the server accepted. */
export interface TakenMail {
  from: string
  to: string[]
  text: string
}
/** A request to the stand-in for Twilio. */
export interface SmsRequest {
  path: string
  authorization: string
  form: Record<string, string>
}

/** Starts an SMTP server. `refuse` returns the reply code for the nth mail; null accepts it. */
export async function mailServer(refuse: (nth: number) => number | null = () => null) {
  const mails: TakenMail[] = []
  let nth = 0
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      done(username === 'sender@example.org' && password === 'secret' ? null : new Error('no'), {
        user: 'sender',
      }),
    onData(stream, { envelope }, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += String(chunk)
      })
      stream.on('end', () => {
        const code = refuse(++nth)
        if (code !== null) {
          done(Object.assign(new Error('refused'), { responseCode: code }))
          return
        }
        mails.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(r => r.address),
          text,
        })
        done()
      })
    },
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.server.address() as AddressInfo
  return {
    mails,
    attempts: () => nth,
    environment: { SMTP_URL: `smtp://sender%40example.org:secret@127.0.0.1:${port}` },
    stop: () =>
      new Promise<void>(resolve => {
        server.close(resolve)
      }),
  }
}

/** Starts a stand-in for Twilio that answers with `statuses` in turn, then with 201. */
export async function smsServer(statuses: number[] = []) {
  const requests: SmsRequest[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += String(chunk)
    })
    request.on('end', () => {
      requests.push({
        path: `${request.method} ${request.url}`,
        authorization: request.headers.authorization ?? '',
        form: Object.fromEntries(new URLSearchParams(body)),
      })
      const status = statuses.shift() ?? 201
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(
          JSON.stringify(
            status === 400
              ? { code: 21211, message: 'The To number +1234567890 is not valid' }
              : { sid: 'SM1' },
          ),
        )
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    requests,
    environment: {
      TWILIO_ACCOUNT_SID: 'AC123',
      TWILIO_AUTH_TOKEN: 'secret',
      TWILIO_FROM: '+15550001',
      TWILIO_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    },
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
