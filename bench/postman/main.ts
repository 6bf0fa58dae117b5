/** `npm run -s postman`: prints a Postman collection of the API of a running server. */
import {
  describeOptions,
  readOptions,
  runTool,
  UsageError,
  type OptionTable,
} from '../harness/options.ts'

const table: OptionTable = {
  url: {
    value: 'URL',
    default: 'http://localhost:8000',
    help: 'a running server, whose /openapi.json is read',
  },
}
const help = `npm run -s postman -- [options] > caduceus.postman_collection.json

Writes a Postman collection (format 2.1) to standard output, made from the server's API document.
Its variables are baseUrl, one token for each role, and the ids of the examples. The requests that
register a customer, a pharmacy and a driver set their tokens.

${describeOptions(table)}`

await runTool('postman', async argv => {
  const options = readOptions(table, argv)
  if (options.help) {
    console.log(help)
    return 0
  }
  const url = options.text('url')!.replace(/\/$/, '')
  const answer = await fetch(`${url}/openapi.json`).catch((error: unknown) => {
    throw new UsageError(`--url: ${url} does not answer (${(error as Error).message})`)
  })
  if (!answer.ok) throw new UsageError(`--url: ${url}/openapi.json answers ${answer.status}`)
  const { postmanCollection } = await import('./collection.ts')
  const text = JSON.stringify(
    await postmanCollection((await answer.json()) as object, url),
    null,
    2,
  )
  await new Promise(resolve => {
    process.stdout.write(`${text}\n`, resolve)
  })
  return 0
})
