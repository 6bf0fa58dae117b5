/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const credentials = { email: 'user@example.com', password: 'securepassword' }
const code = { email: 'user@example.com', otp: of.otp }

export const examples: Readonly<Record<string, Example>> = {
  register: {
    body: { ...credentials, full_name: 'John Doe', phone: '+1234567890', role: 'user' },
    status: 201,
  },
  signupV1: {
    body: {
      email: 'rider@example.com',
      password: 'securepassword',
      full_name: 'Jane Smith',
      phone: '+1987654321',
      role: 'user',
    },
    status: 201,
  },
  login: { body: credentials, status: 200 },
  refresh: { body: { refresh_token: of.refreshToken }, status: 200 },
  sanjevaniRefresh: { body: { refresh: of.refreshToken }, status: 200 },
  refreshV1: { body: { refresh_token: of.refreshToken }, status: 200 },
  renewPageSession: {
    params: { page: 'customer' },
    headers: { 'x-caduceus-page': 'customer' },
    body: { refresh_token: of.refreshToken },
    status: 200,
  },
  endPageSession: {
    params: { page: 'customer' },
    headers: { 'x-caduceus-page': 'customer' },
    status: 204,
  },
  loginV1: { body: credentials, status: 200 },
  me: { as: 'customer', status: 200 },
  meV1: { as: 'customer', status: 200 },
  userMeV1: { as: 'customer', status: 200 },
  updateMe: {
    as: 'customer',
    body: { full_name: 'John A. Doe', phone: '+1234567899', address: '1 Main St' },
    status: 200,
  },
  updateUserMeV1: { as: 'customer', body: { address: null }, status: 200 },
  issueTicket: { as: 'customer', status: 201 },
  listSessions: { as: 'customer', status: 200 },
  endSession: { as: 'customer', params: { id: of.session }, status: 204 },
  logout: { as: 'customer', body: { refresh_token: of.refreshToken }, status: 200 },
  logoutV1: { as: 'customer', body: { refresh_token: of.refreshToken }, status: 200 },
  requestOtp: { body: { phone: '+1234567890' }, status: 200 },
  verifyOtp: { body: { phone: '+1234567890', otp: of.otp }, status: 200 },
  requestOtpV1: { body: { phone: '+1234567890' }, status: 200 },
  verifyOtpV1: { body: { phone: '+1234567890', otp: of.otp }, status: 200 },
  sanjevaniSendOtp: { body: { email: 'user@example.com' }, status: 200 },
  sanjevaniVerifyOtp: { body: code, status: 200 },
  forgotPassword: { body: { email: 'user@example.com' }, status: 200 },
  resetPassword: { body: { ...code, new_password: 'anotherpassword' }, status: 200 },
  changePassword: {
    as: 'customer',
    body: { current_password: 'securepassword123', new_password: 'anotherpassword' },
    status: 200,
  },
  logoutEverywhere: { as: 'customer', status: 200 },
  sanjevaniRegister: {
    body: {
      email: 'customer@example.com',
      password: 'securepassword123',
      name: 'John Doe',
      phone_number: '9841234567',
    },
    status: 201,
  },
  sanjevaniLogin: {
    body: { email: 'customer@example.com', password: 'securepassword123' },
    status: 200,
  },
  listAccounts: { as: 'admin', query: { role: 'user', is_active: true, limit: 2 }, status: 200 },
  getAccount: { as: 'admin', params: { id: of.account }, status: 200 },
  createAccount: {
    as: 'admin',
    body: {
      email: 'staff@example.com',
      full_name: 'Ann Other',
      phone: '+1234567800',
      role: 'admin',
    },
    status: 201,
  },
  changeAccount: {
    as: 'admin',
    params: { id: of.account },
    body: { is_active: false, full_name: 'Jane Doe' },
    status: 200,
  },
  endAccount: { as: 'admin', params: { id: of.account }, status: 200 },
  listUsersV1: { as: 'admin', query: { limit: 1 }, status: 200 },
  getUserV1: { as: 'admin', params: { id: of.account }, status: 200 },
  createApiKey: {
    as: 'admin',
    body: { name: 'Warehouse', scopes: ['orders:read', 'drivers:read'], expires_in_days: 365 },
    status: 201,
  },
  listApiKeys: { as: 'admin', query: { limit: 1 }, status: 200 },
  revokeApiKey: { as: 'admin', params: { id: of.apiKey }, status: 200 },
}
