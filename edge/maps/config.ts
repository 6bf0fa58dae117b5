/** Configuration of the services that know places and routes. */
import {
  ConfigError,
  isBaseUrl,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
} from '../../protocol/kernel/environment.ts'

/** The configured services; null for a missing one. URLs have no slash at the end. */
export interface MapServices {
  google: { url: string; apiKey: string } | null
  nominatimUrl: string | null
  osrmUrl: string | null
}

export interface MapsConfig {
  maps: MapServices
}

/** Reads GOOGLE_MAPS_API_KEY, GOOGLE_MAPS_URL, NOMINATIM_URL and OSRM_URL. Throws ConfigError. */
export const readMapsConfig = (environment: Environment): MapsConfig => ({
  maps: mapServices(name => textVariable(environment, name)),
})

function mapServices(text: (name: string) => string | null): MapServices {
  const url = (name: string): string | null => {
    const given = text(name)
    if (given !== null && !isBaseUrl(given))
      throw new ConfigError(`${name} is not a URL such as https://maps.example.org`)
    return given === null ? null : withoutSlashAtEnd(given)
  }
  const apiKey = text('GOOGLE_MAPS_API_KEY')
  const googleUrl = url('GOOGLE_MAPS_URL')
  if (googleUrl !== null && apiKey === null)
    throw new ConfigError(
      'GOOGLE_MAPS_URL is set and GOOGLE_MAPS_API_KEY is not; set that too, or unset it',
    )
  return {
    google: apiKey === null ? null : { apiKey, url: googleUrl ?? 'https://maps.googleapis.com' },
    nominatimUrl: url('NOMINATIM_URL'),
    osrmUrl: url('OSRM_URL'),
  }
}
