/** A port that is not available is reported with its variable and with what to do. */
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { findPortFree } from './free-port.ts'

t.test('a busy port is refused, and accepted when it is free again', async t => {
  const other = createServer()
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  await t.rejects(findPortFree('127.0.0.1', port), {
    message: `PORT: 127.0.0.1:${port} is in use by another process; end that process, or set PORT to another port`,
  })
  await new Promise(resolve => other.close(resolve))
  await t.resolves(findPortFree('127.0.0.1', port))
  await t.resolves(findPortFree('127.0.0.1', port), 'a check gives the port back')
})

t.test('an address of another machine is refused', async t => {
  await t.rejects(findPortFree('192.0.2.1', 8000), {
    message: /^HOST: 192\.0\.2\.1 is not an address/,
  })
  await t.rejects(findPortFree('no-such-host.invalid', 8000), { message: /^(HOST|PORT): / })
})

t.test('port 0 is always free', async t => {
  await t.resolves(findPortFree('192.0.2.1', 0))
})
