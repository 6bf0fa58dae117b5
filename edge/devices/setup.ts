/**
 * How a phone is set up for a device: the addresses to which apps send, and links that set up an
 * app by themselves when they are opened or scanned. They contain the secret, so they are shown
 * once, when the device is made.
 */

/** Seconds and metres between two positions, for the apps that take them from a link. */
const intervalSeconds = 10
const distanceMetres = 25
const characters = 8

export interface SetupOf {
  /** Origin of this server. */
  origin: string
  deviceId: string
  secret: string
  passphrase: string | null
}

/** The addresses and links of a device. */
export function setupOf({ origin, deviceId, secret, passphrase }: SetupOf) {
  const base = `${origin}/devices/${secret}`
  const urls = {
    osmand: `${base}/osmand`,
    owntracks: `${base}/owntracks`,
    position: `${base}/position`,
  }
  const id = deviceId.slice(-characters)
  const ownTracks = {
    _type: 'configuration',
    mode: httpMode,
    url: urls.owntracks,
    auth: false,
    deviceId: id,
    tid: id.slice(-2),
    locatorInterval: intervalSeconds,
    ...(passphrase !== null && { encryptionKey: passphrase }),
  }
  return {
    urls,
    setup: {
      // Traccar Client takes the address from the link itself and the settings from its query.
      traccar_client: `${urls.osmand}?${new URLSearchParams({
        id,
        accuracy: 'highest',
        interval: String(intervalSeconds),
        distance: String(distanceMetres),
        buffer: 'true',
        stop_detection: 'true',
      }).toString()}`,
      owntracks: `owntracks:///config?inline=${Buffer.from(JSON.stringify(ownTracks)).toString('base64')}`,
      gpslogger: `${urls.position}?latitude=%LAT&longitude=%LON&timestamp=%TIMESTAMP&speed=%SPD&heading=%DIR&accuracy=%ACC&battery=%BATT`,
      osmand: `${urls.position}?latitude={0}&longitude={1}&timestamp={2}&speed={5}&heading={6}`,
    },
  }
}

/** The number of OwnTracks' HTTP mode. */
const httpMode = 3
