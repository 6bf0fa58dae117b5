/** The messages that a channel takes, from the document that the server gives of itself. */

interface AsyncApi {
  channels: Record<string, { address?: string; messages?: Record<string, Reference> }>
  operations: Record<string, { action: string; channel: Reference; messages?: Reference[] }>
  components: { messages: Record<string, Message> }
}
interface Reference {
  $ref: string
}
interface Message {
  name?: string
  examples?: { payload?: unknown }[]
}

let document: Promise<AsyncApi> | undefined

/** An example of each message that clients may send on the channel with this path: name and text. */
export async function saidOn(path: string): Promise<readonly (readonly [string, string])[]> {
  document ??= fetch('/asyncapi.json').then(answer => answer.json() as Promise<AsyncApi>)
  return findSaid(await document, path)
}

function findSaid(api: AsyncApi, path: string): (readonly [string, string])[] {
  const lastOf = ({ $ref }: Reference): string => $ref.split('/').at(-1)!
  const all: (readonly [string, string])[] = []
  for (const { action, channel, messages = [] } of Object.values(api.operations)) {
    if (action !== 'receive' || api.channels[lastOf(channel)]?.address !== path) continue
    for (const reference of messages) {
      const name = lastOf(reference)
      const payload = messageOf(api, channel, name)?.examples?.[0]?.payload
      // A list is an example of bytes, which nobody types.
      if (payload !== undefined && !Array.isArray(payload))
        all.push([name.replace(/^ws_/, ''), JSON.stringify(payload, null, 2)])
    }
  }
  return all
}

function messageOf(api: AsyncApi, channel: Reference, name: string): Message | undefined {
  const inChannel = api.channels[channel.$ref.split('/').at(-1)!]?.messages?.[name]
  const target = inChannel?.$ref.split('/').at(-1) ?? name
  return api.components.messages[target] ?? api.components.messages[name]
}
