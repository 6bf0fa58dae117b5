/**
 * Values that stand for those of a real deployment. A reader who tries an example replaces them
 * with real ones, and so does the test.
 */
const id = (n: number): string => `01a1f000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

export const placeholders = {
  customer: id(0x01),
  pharmacyUser: id(0x02),
  driverUser: id(0x03),
  admin: id(0x04),
  vendor: id(0x10),
  driver: id(0x11),
  session: id(0x12),
  account: id(0x13),
  apiKey: id(0x14),
  applicant: id(0x15),
  applicantDriver: id(0x16),
  invitation: id(0x17),
  order: id(0x20),
  request: id(0x21),
  offer: id(0x22),
  quote: id(0x23),
  upload: id(0x24),
  unfinished: id(0x26),
  parked: id(0x25),
  subscription: id(0x30),
  delivery: id(0x31),
  integration: id(0x32),
  import: id(0x33),
  rating: id(0x34),
  device: id(0x35),
  conversation: id(0x38),
  message: id(0x39),
  trackingToken: '4f1c9a52e7d04b6f8a3d5c0e9b7f2a61',
  deviceSecret: 'hT4vYk0WmRz8Qn2cXb6LdJ1sFp9uGe3A',
  deliveryKey: 'u7Jw2cVbQx5n0sYkR9dLfA',
  refreshToken: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0eXAiOiJyZWZyZXNoIn0.the-refresh-token',
  otp: '602913',
} as const
export type Placeholder = keyof typeof placeholders
