/**
 * The WebSocket channels, with the address and the purpose of each. A message names its
 * channels in its own definition, so that each message is defined once.
 */
export interface Channel {
  path: string
  title: string
  /** Name and meaning of each parameter in braces in the path. */
  parameters: Readonly<Record<string, string>>
}

export const channels = {
  terminal: { path: '/ws/pharmacy/', title: "A pharmacy's terminal", parameters: {} },
  customer: { path: '/ws/customer/', title: "A customer's app", parameters: {} },
  driver: { path: '/ws/driver', title: "A driver's app", parameters: {} },
  fleet: {
    path: '/ws/vendor/{vendor_id}',
    title: "A pharmacy's fleet on a map, and its orders",
    parameters: { vendor_id: 'The pharmacy' },
  },
  tracking: {
    path: '/ws/tracking/{tracking_token}',
    title: 'The public tracking link',
    parameters: { tracking_token: 'From the order; no other authentication' },
  },
  chat: { path: '/ws/chat', title: 'The conversations of a person', parameters: {} },
  live: { path: '/ws/live', title: 'All vehicles and orders, for operators', parameters: {} },
  /** The last one, because its path has a parameter where the others have a word. */
  trips: {
    path: '/ws/{user_id}',
    title: "A person's trips, as the rides backend tells them",
    parameters: {
      user_id:
        'The account of the token, or its driver or pharmacy. An id of the rides backend, such as user_123, is taken too: the token says who connects',
    },
  },
} as const satisfies Readonly<Record<string, Channel>>

export type ChannelName = keyof typeof channels
export const channelNames = Object.keys(channels) as ChannelName[]
