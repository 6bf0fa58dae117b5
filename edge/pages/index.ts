/** The pages that people look at. */
import { feature } from '../kernel/feature.ts'
import { access } from './callers.ts'

export const pages = feature()({
  name: 'pages',
  pages: [
    { path: '/', file: 'edge/web/index.html', operationId: 'indexPage' },
    { path: '/docs', file: 'edge/web/docs.html', operationId: 'docsPage' },
    { path: '/live', file: 'edge/web/live.html', operationId: 'livePage' },
    { path: '/terminal', file: 'edge/web/terminal.html', operationId: 'terminalPage' },
    { path: '/customer', file: 'edge/web/customer.html', operationId: 'customerPage' },
    { path: '/track/:token', file: 'edge/web/track.html', operationId: 'trackPage' },
  ],
  access,
})
