/**
 * Sends location frames in quantity from worker threads, so that this process can watch the server
 * and keep the time. Filling a bare sink with the same messages shows the generator's ceiling. Near
 * that ceiling a number describes the generator and not the server.
 */
import { Worker } from 'node:worker_threads'
import { encodeFrames } from '../../../protocol/river/frames.ts'

/**
 * Grouping of frames into messages and of messages into writes. A write is about one TCP segment
 * when it fits.
 */
export interface Shape {
  framesPerMessage: number
  messagesPerWrite: number
}

export interface GeneratorOptions extends Shape {
  /** `http(s)://host:port` */
  url: string
  /** One socket for each token. */
  tokens: readonly string[]
  /** Device time of the first frame, ms. Each next frame is a millisecond later. */
  startMs: number
  threads?: number
}

/**
 * Frames sent and not yet counted by the server: well below what uWebSockets reads at once from a
 * hundred sockets.
 */
const inFlightMax = 300_000
const readyTimeoutMs = 60_000

/** The options of one thread. `firstIndex` is the index of its first socket among all. */
export interface WorkerOptions extends Shape {
  url: string
  tokens: readonly string[]
  startMs: number
  inFlightMax: number
  firstIndex: number
}
export type WorkerCommand =
  | { do: 'fill' }
  | { do: 'pace'; writesPerSecond: number }
  | { do: 'counted'; frames: number }
  | { do: 'stop' }

export interface GeneratorReport {
  frames: number
  writes: number
  seconds: number
  /** Average utilization of its event loops; 1 means that the generator had no time to spare. */
  utilization: number
  /** Only in the open loop: delays of pings on the same sockets, from their due times, ms. */
  pongsMs: number[]
  pingsUnanswered: number
  /** Largest delay of sending behind the schedule, ms. */
  lateMsMax: number
  /** Sockets that the server ended. */
  closed: number
}

export interface Generator {
  /** Sends as fast as the server takes frames. Report the counts with `counted`, or it stops. */
  fill(): void
  /** Open loop: sends that many frames a second, whatever the server does. */
  pace(framesPerSecond: number): void
  /** Frames sent so far that the server has counted. */
  counted(frames: number): void
  stop(): Promise<GeneratorReport>
  /** Ends it without a report. Harmless after `stop`. */
  terminate(): Promise<void>
}

/** Resolves when every socket is open. Rejects with the server's message when it refuses one. */
export async function startGenerator({
  url,
  tokens,
  startMs,
  threads = 1,
  framesPerMessage,
  messagesPerWrite,
}: GeneratorOptions): Promise<Generator> {
  const each = Math.ceil(tokens.length / threads)
  const workers = Array.from(
    { length: threads },
    (_, at) =>
      new Worker(new URL('./worker.js', import.meta.url), {
        workerData: {
          url,
          startMs,
          framesPerMessage,
          messagesPerWrite,
          inFlightMax: inFlightMax / threads,
          tokens: tokens.slice(at * each, (at + 1) * each),
          firstIndex: at * each,
        } satisfies WorkerOptions,
      }),
  )
  const terminate = async (): Promise<void> => {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  const all = (command: WorkerCommand): void => {
    for (const worker of workers) tell(worker, command)
  }
  try {
    await Promise.all(workers.map(worker => next(worker, message => message === 'ready')))
  } catch (error) {
    await terminate()
    throw error
  }
  return {
    fill: () => all({ do: 'fill' }),
    pace: framesPerSecond =>
      all({
        do: 'pace',
        writesPerSecond: framesPerSecond / framesPerMessage / messagesPerWrite / threads,
      }),
    counted: frames => all({ do: 'counted', frames: frames / threads }),
    async stop() {
      const reports = workers.map(
        worker =>
          next(worker, message => typeof message === 'object') as Promise<{
            report: GeneratorReport
          }>,
      )
      all({ do: 'stop' })
      return merged((await Promise.all(reports)).map(({ report }) => report))
    },
    terminate,
  }
}

/** Payload bytes of one message, as a sink counts them. */
export function payloadBytes({ framesPerMessage }: Shape): number {
  const frame = {
    seq: 0,
    timestampMs: 0,
    latitude: 1,
    longitude: 1,
    headingDeg: 90,
    speedMps: 8,
    accuracyM: null,
  }
  return (
    encodeFrames(Array.from({ length: framesPerMessage }, () => frame)).length -
    (framesPerMessage === 1 ? 1 : 0)
  )
}

function merged(reports: readonly GeneratorReport[]): GeneratorReport {
  const sum = (of: (report: GeneratorReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  return {
    frames: sum(report => report.frames),
    writes: sum(report => report.writes),
    seconds: Math.max(...reports.map(report => report.seconds)),
    utilization: sum(report => report.utilization) / reports.length,
    pongsMs: reports.flatMap(report => report.pongsMs),
    pingsUnanswered: sum(report => report.pingsUnanswered),
    lateMsMax: Math.max(...reports.map(report => report.lateMsMax)),
    closed: sum(report => report.closed),
  }
}

function tell(worker: Worker, command: WorkerCommand): void {
  // The rule is about browser windows, whose postMessage takes an origin; that of a thread has
  // none.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  worker.postMessage(command)
}

function next(worker: Worker, wanted: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('the generator does not answer')),
      readyTimeoutMs,
    )
    const take = (message: unknown): void => {
      if (!wanted(message)) return
      clearTimeout(timer)
      worker.off('message', take)
      resolve(message)
    }
    worker.on('message', take)
    worker.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
  })
}
