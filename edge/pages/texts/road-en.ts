/** The texts that only the driver's page has, in English. */
import type { Text } from './en.ts'

const texts = {
  'cash.collect': 'Collect {amount} in cash.',
  'cash.reason': 'Why another amount',
  'cash.reason_hint': 'if more or less was paid',
  'cash.reason_needed': 'Say why another amount was paid.',
  'cash.taken': 'Cash taken',
  'cash.unknown': 'It is not known yet whether cash is due. Ask the pharmacy before you hand over.',
  'devices.add': 'Add a device',
  'devices.code': 'Code that sets up {name}',
  'devices.end': 'End it',
  'devices.end_named': 'End it: {name}',
  'devices.end_really': 'Really end it?',
  'devices.lead':
    'Instead of this page, an app from a store can send your position: Traccar Client or OwnTracks.',
  'devices.name': 'Name of the device',
  'devices.never_seen': 'Has sent nothing yet',
  'devices.once': 'This code is shown only now. It contains a secret.',
  'devices.open': 'Open it in {app} on this phone',
  'devices.scan': 'Install {app}, then scan this code with it.',
  'devices.title': 'Other apps',
  'earnings.average': 'Per delivery',
  'earnings.by_day': 'Earnings by day',
  'earnings.deliveries': 'Deliveries',
  'earnings.month': 'Last 30 days',
  'earnings.title': 'Earnings',
  'earnings.total': {
    one: '{amount} in all, for one delivery',
    other: '{amount} in all, for {count} deliveries',
  },
  'offer.accept': 'Accept',
  'offer.decline': 'Decline',
  'offer.distance': 'Distance',
  'offer.fee': 'You earn',
  'offer.time_left': 'Time left to answer',
  'offer.title': 'New delivery',
  'step.deliver': 'Delivered',
  'step.fail': 'Could not deliver',
  'step.fail_reason': 'What happened?',
  'step.give_back': 'Give it back',
  'step.give_back_reason': 'Why do you give it back?',
  'step.pick_up': 'Picked up',
  'step.returned': 'Back at the pharmacy',
  'step.set_out': 'Set out',
  'step.take_back': 'Take it back',
  'step.waiting': 'Kept on this phone. It is handed in when there is a connection.',
  'steps.refused': '“{step}” did not count: {reason}',
  'steps.waiting': {
    one: 'One step waits for a connection.',
    other: '{count} steps wait for a connection.',
  },
  'stop.call': 'Call',
  'stop.dropoff': 'Bring it to',
  'stop.navigate': 'Navigate',
  'stop.pickup': 'Fetch it at',
} satisfies Record<string, Text>

export type RoadKey = keyof typeof texts
export type RoadTexts = Readonly<Record<RoadKey, Text>>
export const roadEn: RoadTexts = texts
