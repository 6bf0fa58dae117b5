/**
 * The acceptance scenario of a conversation: customer and pharmacy write to each other through
 * different edges, and a client that was away gets the whole gap.
 */
import type { Test } from 'tap'
import type { Deployment } from './fixture-city.ts'
import { customerSocket, http, Listener, newCustomer, newPharmacy, terminal } from './people.ts'

/** Adds the scenario to the tests. */
export function conversationScenarios(t: Test, deployment: () => Deployment): void {
  t.test('customer and pharmacy write to each other through two edges', async t => {
    const { url, other } = deployment()
    const [customer, pharmacy] = [
      await newCustomer(url),
      await newPharmacy(other, 'Talkative', 12, 34),
    ]
    const order = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '2 Side St',
        delivery_latitude: 12,
        delivery_longitude: 34,
      },
    })
    const opened = await http(url, 'POST', '/api/conversations', {
      token: customer.token,
      body: { topic: 'pharmacy', order_id: order.body.id },
    })
    t.equal(opened.status, 201)
    const { id: conversation_id } = opened.body
    const [phone, desk, app, screen] = [
      new Listener(url, `/ws/chat?token=${customer.token}`),
      new Listener(other, `/ws/chat?token=${pharmacy.token}`),
      await customerSocket(url, customer),
      await terminal(other, pharmacy),
    ]
    for (const listener of [phone, desk]) await listener.next('connection')
    for (let i = 1; i <= 10; i++) {
      const [from, text] = [i % 2 === 0 ? desk : phone, `message ${i}`]
      from.send({ type: 'send', conversation_id, text, id: `id-${i}` })
      t.match(await from.next('send_result'), { outcome: 'sent', number: i })
    }
    for (const listener of [phone, desk, app, screen]) {
      await listener.next('conversation_entry', one => one.entry.number === 10)
      t.same(
        listener.of('conversation_entry').map(({ entry }) => [entry.number, entry.text]),
        Array.from({ length: 10 }, (_, i) => [i + 1, `message ${i + 1}`]),
      )
    }
    desk.send({ type: 'presence', conversation_id, state: 'typing' })
    t.match(await phone.next('conversation_presence'), { side: 'vendor', state: 'typing' })
    phone.send({ type: 'read', conversation_id, number: 9 })
    t.match(await screen.next('conversation_read'), { side: 'customer', through: 9 })
    phone.send({ type: 'resume', conversation_id, after: 7 })
    const { messages } = await phone.next('messages')
    t.same(
      messages.map((one: { number: number }) => one.number),
      [8, 9, 10],
    )
    const list = await http(other, 'GET', '/api/conversations', { token: customer.token })
    t.match(list.body.conversations, [{ id: conversation_id, unread: 1, last_number: 10 }])
    for (const listener of [phone, desk, app, screen]) listener.close()
  })
}
