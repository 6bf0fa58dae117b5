/** The acceptance scenarios against `npm start`'s own process, compiled as it ships. */
import { rmSync } from 'node:fs'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { channelNames } from '../../protocol/kernel/channels.ts'
import { messagesOf, type SocketMessageName } from '../../protocol/dispatch/messages.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy, type Child } from '../../protocol/testing/processes.ts'
import { heardMessages } from './people.ts'
import { race } from './race.ts'
import type { Deployment } from './fixture-city.ts'
import { conversationScenarios } from './scenarios-conversations.ts'
import { custodyScenarios } from './scenarios-custody.ts'
import { policyScenarios } from './scenarios-policies.ts'
import { orderScenarios } from './scenarios-orders.ts'
import { requestScenarios } from './scenarios-requests.ts'
import { slotRace, slotRaceEnvironment } from './slot-race.ts'

let deployment: Deployment
let child: Child

t.before(async () => {
  const dataDir = await preparedDataDir()
  const port = await freePort()
  child = startProcess('edge/start.js', {
    DATA_DIR: dataDir,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    ...slotRaceEnvironment,
  })
  const url = `http://127.0.0.1:${port}`
  await untilHealthy(url, child)
  deployment = {
    url,
    other: url,
    stop: async () => {
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
})

requestScenarios(t, () => deployment)
orderScenarios(t, () => deployment)
conversationScenarios(t, () => deployment)
custodyScenarios(t, () => deployment)
policyScenarios(t, () => deployment)
race(t, () => deployment)
slotRace(t, () => deployment)

t.test('the scenarios hear every message of the sockets, but for those listed here', async t => {
  // Listeners check each message against its schema; this test checks that no message was missing.
  const elsewhere: SocketMessageName[] = [
    'appointment_reminder',
    'approval',
    'chat_reload',
    'conversation_changed',
    'driver_membership',
    'driver_search_ended',
    'error',
    'live_greeting',
    'membership',
    // A scenario may end before the second in which it comes; edge/notifications hears it.
    'notification',
    'offer_withdrawn',
    'pong',
    // edge/trips/socket.test.ts hears these.
    'trip_assigned',
    'trip_cancelled',
    'trip_completed',
    'trip_requested',
    'trip_started',
    'trip_subscribed',
  ]
  const heard = new Set(channelNames.flatMap(channel => messagesOf(channel).heard))
  heardMessages.delete('notification')
  t.same([...heardMessages, ...elsewhere].toSorted(), [...heard].toSorted())
})

t.teardown(async () => {
  const code = await child.stop()
  await deployment.stop()
  if (code !== 0) throw new Error(`SIGTERM ended the process with ${code}:\n${child.output()}`)
})
