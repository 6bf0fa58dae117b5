/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const driverId = { id: of.driver }
const secret = { secret: of.deviceSecret }

export const examples: Readonly<Record<string, Example>> = {
  createDevice: {
    as: 'driver',
    params: driverId,
    body: { name: 'My phone' },
    status: 201,
  },
  takeTraccarQuery: {
    params: secret,
    query: {
      id: 'my-phone',
      lat: '27.7172',
      lon: '85.3240',
      timestamp: '1795867200',
      speed: '12.4',
      bearing: '80',
      accuracy: '8',
      batt: '87',
    },
    status: 200,
  },
  takeTraccar: {
    params: secret,
    raw: {
      contentType: 'application/json',
      text: '{"location":{"timestamp":"2026-11-20T12:00:05.000Z","coords":{"latitude":27.7173,"longitude":85.3242,"accuracy":5,"speed":6.4,"heading":80,"altitude":1300},"is_moving":true,"event":"motionchange","battery":{"level":0.87,"is_charging":false}},"device_id":"my-phone"}',
    },
    status: 200,
  },
  takeOwnTracks: {
    params: secret,
    raw: {
      contentType: 'application/json',
      text: '{"_type":"location","lat":27.7174,"lon":85.3244,"tst":1795867210,"acc":5,"vel":23,"cog":80,"batt":87,"t":"u","tid":"my"}',
    },
    status: 200,
  },
  takePositionQuery: {
    params: secret,
    query: {
      latitude: '27.7175',
      longitude: '85.3246',
      timestamp: '1795867215',
      speed: '6.4',
      heading: '80',
      accuracy: '8',
      battery: '87',
    },
    status: 200,
  },
  takePosition: {
    params: secret,
    raw: {
      contentType: 'application/json',
      text: '[{"latitude":27.7176,"longitude":85.3248,"timestamp":"2026-11-20T12:00:20Z","speed":6.4,"heading":80,"accuracy":8}]',
    },
    status: 200,
  },
  listDevices: { as: 'vendor', params: driverId, status: 200 },
  endDevice: {
    as: 'driver',
    params: { ...driverId, device_id: of.device },
    status: 200,
  },
  sendLocation: {
    as: 'driver',
    body: { latitude: 27.7145, longitude: 85.3271, heading: 180, speed: 8, accuracy: 5 },
    status: 202,
  },
  listLocations: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getLocation: { as: 'driver', params: { driver_id: of.driver }, status: 200 },
}
