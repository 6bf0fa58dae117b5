/** An OSRM-compatible router: kilometres and minutes by road of the quickest route. */
import { limits } from '../../protocol/kernel/limits.ts'
import type { JsonGetter } from './json-get.ts'
import type { Router } from './port.ts'

interface Answer {
  code?: string
  routes?: { distance?: number; duration?: number }[]
}

/** Throws for two points without a route, and when the service fails. */
export function osrmRouter(url: string, get: JsonGetter): Router {
  return async (from, to) => {
    const places = [from, to]
      .map(({ latitude, longitude }) => `${longitude.toFixed(6)},${latitude.toFixed(6)}`)
      .join(';')
    const answer = (await get(`${url}/route/v1/driving/${places}?overview=false`)) as Answer
    const { distance = NaN, duration = NaN } = answer.routes?.[0] ?? {}
    if (
      answer.code !== 'Ok' ||
      !(distance >= 0 && distance <= limits.routeKmMax * 1000) ||
      !(duration >= 0)
    )
      throw new Error(
        `the service answered ${/^[A-Za-z]{1,40}$/.test(answer.code ?? '') ? answer.code : 'without a code'}`,
      )
    return { distance_km: distance / 1000, duration_minutes: Math.ceil(duration / 6) / 10 }
  }
}
