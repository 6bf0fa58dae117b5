/** The devices that are woken while no page is open, for programs: `api.pushDevices`. */
export interface PushDevice {
  id: string
  kind: 'web' | 'fcm' | 'apns'
  /** The host of its push service. */
  service: string
  locale: string | null
  app: string | null
  created_at: string
  last_ok_at: string | null
  /** Since the last success. */
  failures: number
  last_failure: string | null
  last_failure_at: string | null
}
/** `{ kind: 'web', ...subscription.toJSON() }` in a browser; elsewhere the token of the app. */
export type NewPushDevice = { locale?: string; app?: string } & (
  | {
      kind: 'web'
      endpoint: string
      keys: { p256dh: string; auth: string }
      expirationTime?: number | null
    }
  | { kind: 'fcm' | 'apns'; token: string }
)

type Call = <Answer>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  options?: { body?: object },
) => Promise<Answer>

/** The calls about the devices of the person who is signed in. */
export class PushDeviceCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** The devices, and the key with which a browser subscribes; null when none can be woken. */
  list(): Promise<{
    devices: PushDevice[]
    kinds: PushDevice['kind'][]
    vapid_public_key: string | null
  }> {
    return this.#call('GET', '/api/push-devices')
  }
  /** A repeat changes the device. Throws `delivery_unconfigured` for a kind that is not woken. */
  register(device: NewPushDevice): Promise<PushDevice> {
    return this.#call('POST', '/api/push-devices', { body: device })
  }
  /** Sends a message to the device and tells the answer of its push service. */
  test(id: string): Promise<{ outcome: string; answer: string }> {
    return this.#call('POST', `/api/push-devices/${encodeURIComponent(id)}/test`, { body: {} })
  }
  forget(id: string): Promise<void> {
    return this.#call('DELETE', `/api/push-devices/${encodeURIComponent(id)}`)
  }
}
