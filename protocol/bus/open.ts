/** Opens the bus of a process: NATS where its URL is set, else a bus inside the process. */
import type { ServiceUrls } from '../kernel/environment.ts'
import type { Bus } from './bus.ts'
import { memoryBus } from './memory.ts'
import { natsBus, type NatsBusOptions } from './nats.ts'

export const openBus = async (
  { natsUrl }: Pick<ServiceUrls, 'natsUrl'>,
  options: NatsBusOptions,
): Promise<Bus> => (natsUrl === null ? memoryBus(options) : natsBus(natsUrl, options))
