/**
 * Prometheus metrics of the kernel of an edge; each feature adds its own. Dropped messages are
 * counted by reason, because a silent drop is a defect.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Makes the counters and the registry that /metrics shows. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'caduceus_' })
  const registers = [registry]
  return {
    registry,
    httpRequests: new Counter({
      name: 'caduceus_http_requests_total',
      help: 'HTTP requests',
      labelNames: ['route', 'status'],
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'caduceus_http_request_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    rateLimited: new Counter({
      name: 'caduceus_rate_limited_total',
      help: 'Requests refused for their rate',
      labelNames: ['class', 'by'],
      registers,
    }),
    auditRows: new Counter({
      name: 'caduceus_audit_rows_total',
      help: 'Rows of the audit trail, by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    sockets: new Gauge({
      name: 'caduceus_sockets',
      help: 'Open WebSockets',
      labelNames: ['role'],
      registers,
    }),
    handshakesUnderWay: new Gauge({
      name: 'caduceus_handshakes_under_way',
      help: 'WebSockets neither greeted nor refused yet',
      registers,
    }),
    handshakesRefused: new Counter({
      name: 'caduceus_handshakes_refused_total',
      help: 'WebSocket handshakes told to come later, because too many came at once',
      registers,
    }),
    socketCloses: new Counter({
      name: 'caduceus_socket_closes_total',
      help: 'WebSockets closed by the edge',
      labelNames: ['code'],
      registers,
    }),
    framesAccepted: new Counter({
      name: 'caduceus_location_frames_total',
      help: 'Location frames taken and handed to the bus',
      registers,
    }),
    framesRefused: new Counter({
      name: 'caduceus_location_frames_refused_total',
      help: 'Location frames refused',
      labelNames: ['reason'],
      registers,
    }),
    pushesDelivered: new Counter({
      name: 'caduceus_pushes_delivered_total',
      help: 'Messages put on sockets',
      labelNames: ['type'],
      registers,
    }),
    pushesDropped: new Counter({
      name: 'caduceus_pushes_dropped_total',
      help: 'Messages not put on sockets',
      labelNames: ['reason'],
      registers,
    }),
  }
}
