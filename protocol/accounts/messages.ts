/** The WebSocket messages about the account that is connected. */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'
import { heard } from '../kernel/messages.ts'
import { Text } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'

export const accountMessages = {
  customer_greeting: heard(
    ['customer', 'trips'],
    'First message: connected and authenticated.',
    Type.Object({
      type: Type.Literal('connection'),
      message: Text,
      user_id: Uuid,
      user_name: Text,
    }),
    {
      type: 'connection',
      message: 'Connected to customer channel',
      user_id: ids.customer,
      user_name: 'John Doe',
    },
  ),
}
