/**
 * A whole deployment with a shop that delivers to it: database, engine and edge, over HTTP, with
 * the signatures of a shop.
 */
import { createHmac } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { http, newPharmacy, type Answer } from '../acceptance/people.ts'
import type { Test } from 'tap'

/** Starts the deployment, a map service and two pharmacies; the first has a shop. */
export async function startShop(t: Test) {
  const dataDir = await preparedDataDir()
  /** A stand-in for Nominatim that knows one street; `fails` makes it answer 500. */
  const map = { fails: false }
  const nominatim = createServer((request, response) => {
    const known = decodeURIComponent(request.url!).includes('Known')
    if (map.fails) response.writeHead(500).end()
    else
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify(
          known
            ? [
                {
                  lat: '40.7',
                  lon: '-74.0',
                  display_name: '1 Known St',
                  addresstype: 'building',
                  place_rank: 30,
                  importance: 0.5,
                  category: 'building',
                  type: 'house',
                },
              ]
            : [],
        ),
      )
  })
  await new Promise<void>(resolve => {
    nominatim.listen(0, '127.0.0.1', resolve)
  })
  const embedded = await startEmbedded(
    {
      DATA_DIR: dataDir,
      PORT: '0',
      NOMINATIM_URL: `http://127.0.0.1:${(nominatim.address() as AddressInfo).port}`,
      PUBLIC_URL: 'https://caduceus.example.org/',
    },
    { log: pino({ level: 'silent' }) },
  )
  const { url } = embedded
  t.teardown(async () => {
    await embedded.stop()
    nominatim.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', 40.71, -74)
  const other = await newPharmacy(url, 'Other Pharmacy', 40.72, -74)
  const connect = async (body: object = {}) => {
    const answer = await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.pharmacyId}/integrations/woocommerce`,
      { token: pharmacy.token, body },
    )
    return {
      answer,
      path: new URL(answer.body.integration.delivery_url).pathname,
      secret: answer.body.secret as string,
    }
  }
  const shop = await connect()

  /** Sends an order as a shop sends it, with its signature. */
  const deliver = (
    body: object | string,
    options: { path?: string; secret?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const signature = createHmac('sha256', options.secret ?? shop.secret)
      .update(text)
      .digest('base64')
    return http(url, 'POST', options.path ?? shop.path, {
      body: text,
      headers: {
        'x-wc-webhook-topic': 'order.created',
        'x-wc-webhook-signature': signature,
        ...options.headers,
      },
    })
  }
  const billing = {
    first_name: 'Ann',
    last_name: 'Lee',
    address_1: '1 Known St',
    city: 'New York',
    postcode: '10001',
    country: 'US',
    email: 'ann@example.com',
    phone: '+1 212 000',
  }
  const order = (id: number, rest: object = {}) => ({
    id,
    status: 'processing',
    date_modified_gmt: '2026-01-02T03:04:05',
    billing,
    line_items: [{ name: 'Aspirin &amp; more', quantity: 2 }],
    ...rest,
  })
  const importsOf = async (status?: string) =>
    (
      await http(
        url,
        'GET',
        `/api/vendors/${pharmacy.pharmacyId}/imports${status === undefined ? '' : `?status=${status}`}`,
        { token: pharmacy.token },
      )
    ).body.imports
  return {
    dataDir,
    map,
    embedded,
    url,
    pharmacy,
    other,
    connect,
    shop,
    deliver,
    billing,
    order,
    importsOf,
  }
}
