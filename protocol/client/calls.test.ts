/** The calls of the older names, of support, and about codes and speech have their path and body. */
import t from 'tap'
import { BroadcastCalls } from './broadcast.ts'
import { InsightCalls } from './insights.ts'
import { MediaCalls } from './media.ts'
import { RideCalls } from './rides.ts'
import { SupportCalls } from './support.ts'

type Asked = [method: string, path: string, options?: object]
/** Collects the calls. */
function asking() {
  const asked: Asked[] = []
  const call = async (...given: Asked): Promise<never> => {
    asked.push(given)
    return {} as never
  }
  return { asked, call }
}

t.test('the names of the broadcast backend', async t => {
  const { asked, call } = asking()
  const api = new BroadcastCalls(call)
  const asks = { patient_lat: 1, patient_lng: 2, radius_km: 3 }
  await api.sendOtp('a@example.org')
  await api.verifyOtp('a@example.org', '123456')
  await api.registerCustomer({ email: 'e', password: 'p', name: 'n', phone_number: '1' })
  await api.login('e', 'p')
  await api.refresh('r')
  await api.profile()
  await api.updateProfile({ address: null })
  await api.customerRequests({ limit: 1 })
  await api.request(asks)
  await api.requests()
  await api.respond({ request_id: 'x', response_type: 'REJECTED' })
  await api.registerPharmacy({ lat: 1, lng: 2 })
  await api.pharmacies({ cursor: 'c' })
  await api.pharmacy('x')
  await api.updatePharmacy('x', { is_active: true })
  await api.closePharmacy('x')
  await api.pharmacyProfile()
  await api.updatePharmacyProfile({ name: 'n' })
  t.same(asked, [
    ['POST', '/send-otp/', { body: { email: 'a@example.org' } }],
    ['POST', '/verify-otp/', { body: { email: 'a@example.org', otp: '123456' } }],
    [
      'POST',
      '/customer/register/',
      { body: { email: 'e', password: 'p', name: 'n', phone_number: '1' } },
    ],
    ['POST', '/login/', { body: { email: 'e', password: 'p' } }],
    ['POST', '/token/refresh/', { body: { refresh: 'r' } }],
    ['GET', '/customer/profile/'],
    ['PATCH', '/customer/profile/', { body: { address: null } }],
    ['GET', '/customer/requests/', { query: { limit: 1 } }],
    ['POST', '/medicine/request/', { body: asks }],
    ['GET', '/medicine/request/', { query: {} }],
    ['POST', '/medicine/response/', { body: { request_id: 'x', response_type: 'REJECTED' } }],
    ['POST', '/register-pharmacy/', { body: { lat: 1, lng: 2 } }],
    ['GET', '/pharmacy/', { query: { cursor: 'c' } }],
    ['GET', '/pharmacy/x/'],
    ['PATCH', '/pharmacy/x/', { body: { is_active: true } }],
    ['DELETE', '/pharmacy/x/'],
    ['GET', '/pharmacy/profile/'],
    ['PATCH', '/pharmacy/profile/', { body: { name: 'n' } }],
  ])
})

t.test('the names of the rides backend', async t => {
  const { asked, call } = asking()
  const api = new RideCalls(call)
  await api.requestOtp('+1')
  await api.verifyOtp('+1', '123456')
  await api.login('e', 'p')
  await api.refresh('r')
  await api.logout('r')
  await api.me()
  await api.updateMe({ full_name: 'n' })
  await api.users({ limit: 1 })
  await api.user('x')
  await api.registerDriver({ a: 1 } as never)
  await api.drivers()
  await api.driver('x')
  await api.setDriverStatus('x', 'available')
  await api.sendLocation({ latitude: 1, longitude: 2 })
  await api.locations()
  await api.location('x')
  await api.price({ pickup_latitude: 1 })
  t.same(asked, [
    ['POST', '/api/v1/auth/otp/request', { body: { phone: '+1' } }],
    ['POST', '/api/v1/auth/otp/verify', { body: { phone: '+1', otp: '123456' } }],
    ['POST', '/api/v1/auth/login', { body: { email: 'e', password: 'p' } }],
    ['POST', '/api/v1/auth/refresh', { body: { refresh_token: 'r' } }],
    ['POST', '/api/v1/auth/logout', { body: { refresh_token: 'r' } }],
    ['GET', '/api/v1/auth/me'],
    ['PATCH', '/api/v1/users/me', { body: { full_name: 'n' } }],
    ['GET', '/api/v1/users', { query: { limit: 1 } }],
    ['GET', '/api/v1/users/x'],
    ['POST', '/api/v1/drivers/register', { body: { a: 1 } }],
    ['GET', '/api/v1/drivers', { query: {} }],
    ['GET', '/api/v1/drivers/x'],
    ['PATCH', '/api/v1/drivers/x/status', { body: { status: 'available' } }],
    ['POST', '/api/v1/locations', { body: { latitude: 1, longitude: 2 } }],
    ['GET', '/api/v1/locations', { query: {} }],
    ['GET', '/api/v1/locations/x'],
    ['GET', '/api/v1/pricing/calculate', { query: { pickup_latitude: 1 } }],
  ])
})

t.test('support, insights of all, and background work', async t => {
  const { asked, call } = asking()
  const support = new SupportCalls(call)
  const insights = new InsightCalls(call)
  await support.reports('x')
  await support.decideReports('x', 'upheld')
  await support.freeze('x', 'report')
  await support.thaw('x')
  await support.close('x')
  await support.decideRating('x', 'removed', 'insults')
  await support.jobs()
  await support.job('x')
  await support.runJob('x')
  await support.pauseJob('x')
  await support.resumeJob('x')
  await insights.ofAll({ week: '2026-W47' })
  await insights.ofService('x', { period: 'week' })
  await insights.letter('x')
  await insights.setLetter('x', false)
  t.same(asked, [
    ['GET', '/api/conversations/x/reports'],
    ['POST', '/api/conversations/x/report/decision', { body: { decision: 'upheld' } }],
    ['POST', '/api/conversations/x/freeze', { body: { reason: 'report' } }],
    ['POST', '/api/conversations/x/thaw', { body: {} }],
    ['POST', '/api/conversations/x/close', { body: {} }],
    ['POST', '/api/ratings/x/decision', { body: { decision: 'removed', reason: 'insults' } }],
    ['GET', '/api/admin/jobs'],
    ['GET', '/api/admin/jobs/x'],
    ['POST', '/api/admin/jobs/x/run', { body: {} }],
    ['POST', '/api/admin/jobs/x/pause', { body: {} }],
    ['POST', '/api/admin/jobs/x/resume', { body: {} }],
    ['GET', '/api/insights/vendors', { query: { week: '2026-W47' } }],
    ['GET', '/api/insights/services/x', { query: { period: 'week' } }],
    ['GET', '/api/insights/vendors/x/letter'],
    ['PUT', '/api/insights/vendors/x/letter', { body: { wanted: false } }],
  ])
})

t.test('codes and speech carry bytes', async t => {
  const { asked, call } = asking()
  const api = new MediaCalls(call, call)
  const bytes = new Blob(['x'])
  await api.writeCode({ key: 'k', format: 'svg' })
  await api.readCodes(bytes)
  await api.speech()
  await api.textOf(bytes)
  await api.textOf(bytes, 'ne')
  t.same(asked, [
    ['POST', '/api/qr/generate', { body: { key: 'k', format: 'svg' } }],
    ['POST', '/api/qr/scan', { bytes }],
    ['GET', '/api/speech'],
    ['POST', '/api/speech', { bytes, query: { language: undefined }, timeoutMs: 90_000 }],
    ['POST', '/api/speech', { bytes, query: { language: 'ne' }, timeoutMs: 90_000 }],
  ])
})
