/** The service of the examples: its terms. */
import { defaultTerms, type Terms } from '../appointments/terms.ts'

export const flu: Terms = {
  ...defaultTerms,
  rules: [{ days: ['mon', 'tue'], from: '09:00', to: '17:00' }],
  overrides: [],
  leave: [],
  closures: [],
  required_documents: [],
  steps: [{ id: 'consent', name: 'Consent', minutes: 5 }],
  reminder_minutes: [24 * 60],
  quiet_hours: { from: '21:00', to: '08:00' },
  time_zone: 'Asia/Kathmandu',
  revision: 1,
  active: true,
  name: 'Flu vaccination',
  price_minor: 1500,
  currency: 'USD',
}
