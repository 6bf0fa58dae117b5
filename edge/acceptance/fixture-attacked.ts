/**
 * A whole server that is attacked: its people, the secret that only the server should know, and the
 * one foreign page that it trusts.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld } from './access-world.ts'
import type { Test } from 'tap'

/** Starts the server with two customers, two pharmacies and two drivers. */
export async function startAttacked(t: Test) {
  const secret = 'a-key-for-tests-that-is-long-enough-to-be-one'
  const appOrigin = 'https://app.example.org'
  const dataDir = await preparedDataDir()
  const embedded = await startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', JWT_SECRET_KEY: secret, CORS_ORIGINS: appOrigin },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url, port } = embedded
  const world = await createWorld(embedded)
  const { customer, otherCustomer, vendor, otherPharmacy, driver, otherDriver } = world

  // The server waits for a slow body for longer than a file of tests may take by default.
  t.setTimeout(300_000)
  return {
    secret,
    appOrigin,
    url,
    port,
    world,
    customer,
    otherCustomer,
    vendor,
    otherPharmacy,
    driver,
    otherDriver,
  }
}
