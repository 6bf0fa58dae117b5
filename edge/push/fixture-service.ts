/**
 * A push service for tests: that of `web-push-testing`, in a process of its own. It decrypts what
 * it gets, as a browser does, and checks the token of the sender.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../protocol/testing/free-port.ts'

interface Subscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
  clientHash: string
}

/** Starts the service. Call `stop` at the end. */
export async function pushService() {
  const port = await freePort()
  const program = createRequire(import.meta.url).resolve('web-push-testing/src/bin/server.js')
  const child = spawn(process.execPath, [program, String(port)], { stdio: 'ignore' })
  const url = `http://localhost:${port}`
  const post = (path: string, body: unknown = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const isUp = () =>
    post('/status').then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error('the push service has ended')
    await pause(20)
  }
  return {
    async subscribe(applicationServerKey: string): Promise<Subscription> {
      const answer = await post('/subscribe', { applicationServerKey, userVisibleOnly: 'true' })
      return ((await answer.json()) as { data: Subscription }).data
    },
    /** The messages in clear, in the order in which they came. */
    async messages(clientHash: string): Promise<unknown[]> {
      const answer = await post('/get-notifications', { clientHash })
      const { data } = (await answer.json()) as { data?: { messages: string[] } }
      return (data?.messages ?? []).map(text => JSON.parse(text))
    },
    expire: (clientHash: string) => post(`/expire-subscription/${clientHash}`),
    async stop(): Promise<void> {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}
