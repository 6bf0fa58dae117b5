/** What each command is for, in a sentence, with data that its schema lets through: for the AsyncAPI document. */
import type { DriverCommandData, DriverVerb, OrderCommandData, OrderVerb } from './commands.ts'
import { ids } from '../kernel/examples.ts'
import { uploadUrl } from '../uploads/url.ts'

const customer = {
  order_id: ids.order,
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
}

const order: { [Verb in OrderVerb]: { summary: string; data: OrderCommandData[Verb] } } = {
  broadcast: {
    summary: 'Ask the pharmacies nearby; the first to accept wins.',
    data: {
      ...customer,
      latitude: 27.7172,
      longitude: 85.324,
      radius_km: 5,
      quantity: 10,
      items: [],
      expires_in_seconds: 300,
    },
  },
  create: {
    summary: 'Order from a known pharmacy.',
    data: {
      ...customer,
      vendor_id: ids.pharmacy,
      delivery_address: '456 Home Ave',
      delivery_latitude: 27.7172,
      delivery_longitude: 85.324,
      items: [{ name: 'Aspirin', quantity: 2 }],
      notes: 'Call before delivery',
    },
  },
  respond: {
    summary: 'A pharmacy accepts or declines an open request.',
    data: { response_type: 'ACCEPTED', text_message: 'Available!' },
  },
  accept: { summary: 'The pharmacy that was asked takes the order.', data: {} },
  reject: { summary: 'The pharmacy that was asked refuses.', data: { reason: 'closed today' } },
  cancel: { summary: 'Call the order off, before the pick-up.', data: { reason: 'ordered twice' } },
  reissue_tracking: { summary: 'A new public link; the old one opens nothing any more.', data: {} },
  assign_driver: {
    summary: 'The pharmacy picks a driver of its own.',
    data: { driver_id: ids.driver },
  },
  find_driver: {
    summary: 'Ask drivers, the nearest first.',
    data: { policy: 'offer', offer_seconds: 30 },
  },
  accept_offer: {
    summary: 'The driver who was asked takes the delivery.',
    data: { offer_id: ids.offer },
  },
  decline_offer: {
    summary: 'The driver who was asked does not.',
    data: { offer_id: ids.offer, reason: 'too far' },
  },
  pick_up: { summary: 'The driver has the parcel.', data: {} },
  out_for_delivery: { summary: 'The driver is on the way to the customer.', data: {} },
  deliver: {
    summary:
      'Handed over, with an upload of the driver as proof unless the pharmacy waives it; far from the door or without a fresh position with a reason.',
    data: { proof_photo_url: uploadUrl(ids.offer), reason: 'handed over at the gate' },
  },
  fail: { summary: 'It could not be handed over.', data: { reason: 'nobody at home' } },
  return: { summary: 'It goes back to the pharmacy.', data: {} },
  complete_return: { summary: 'The pharmacy has it again.', data: {} },
}

const driver: { [Verb in DriverVerb]: { summary: string; data: DriverCommandData[Verb] } } = {
  register: {
    summary: "A driver joins a pharmacy's fleet.",
    data: {
      vendor_id: ids.pharmacy,
      full_name: 'Dora',
      phone: '+9779800000001',
      vehicle_type: 'bike',
      capacity: 1,
    },
  },
  approve_membership: { summary: 'The pharmacy takes a driver who asked.', data: {} },
  end_membership: { summary: 'The pharmacy refuses a driver or parts with them.', data: {} },
  ask_membership: { summary: 'A driver asks to belong to the pharmacy again.', data: {} },
  update: {
    summary: 'The driver has another name, phone or vehicle.',
    data: { phone: '+9779800000002' },
  },
  set_status: { summary: 'On duty, on a break, or off.', data: { status: 'available' } },
}

export const commandExamples = { order, driver } as const
