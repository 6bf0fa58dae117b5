/** The first package that loads is taken. Where none loads, one line tells what to do. */
import t from 'tap'
import { chooseLibrary, thisMachine, type Machine } from './choose-library.ts'

const broken = () => Promise.reject(new Error('GLIBC_2.38 not found'))
const missing = () =>
  Promise.reject(Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' }))
const debian: Machine = {
  nodeVersion: '24.22.3',
  platform: 'linux',
  architecture: 'x64',
  glibcVersion: '2.36',
}

t.test('the first package that loads is taken, and no later one is tried', async t => {
  let tried = 0
  const counted = () => {
    tried++
    return Promise.resolve('second')
  }
  t.equal(
    await chooseLibrary([broken, () => Promise.resolve('first'), counted], thisMachine),
    'first',
  )
  t.equal(tried, 0)
  t.equal(await chooseLibrary([broken, counted], thisMachine), 'second')
})

t.test('when no package loads, one line says what to do', async t => {
  const cases: [string, (() => Promise<never>)[], Partial<Machine>, RegExp][] = [
    [
      'an old C library',
      [broken],
      {},
      /Node 24\.22\.3 on x64 with glibc 2\.36; use Node 20 or 22, or a system with glibc 2\.38/,
    ],
    ['Alpine', [broken], { glibcVersion: null }, /with musl; use a system with glibc/],
    ['a Node without a binary', [broken], { nodeVersion: '23.1.0' }, /use Node 20, 22 or 24/],
    [
      'another system',
      [broken],
      { platform: 'freebsd', glibcVersion: null },
      /with freebsd; use Node 20, 22 or 24 on Linux/,
    ],
    ['one package is missing, the other does not load', [missing, broken], {}, /use Node 20 or 22/],
    ['none is installed', [missing, missing], {}, /is not installed; run: npm ci$/],
  ]
  for (const [name, libraries, machine, message] of cases)
    await t.rejects(
      chooseLibrary(libraries, () => ({ ...debian, ...machine })),
      { message },
      name,
    )
})
