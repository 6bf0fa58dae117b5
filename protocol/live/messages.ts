/** The greeting of the socket on which operators hear everything. */
import Type from 'typebox'
import { heard } from '../kernel/messages.ts'
import { Text } from '../kernel/schema.ts'

export const liveMessages = {
  live_greeting: heard(
    ['live'],
    'First message: connected, and hearing these pharmacies from now on. Read the lists of drivers and orders after it.',
    Type.Object({
      type: Type.Literal('connection'),
      message: Text,
      pharmacies: Type.Integer({ minimum: 0 }),
      hears_all: Type.Boolean({ description: 'False: there are more than one socket hears' }),
    }),
    {
      type: 'connection',
      message: 'Connected to the live channel',
      pharmacies: 12,
      hears_all: true,
    },
  ),
}
