/**
 * The script that a browser runs beside a page, also while the page is closed: it opens the page
 * without a network and shows news. Browsers have none on pages without TLS.
 */

/** The registration of the page with this path; null where the browser has none. */
export async function workerOf(path: string): Promise<ServiceWorkerRegistration | null> {
  const container = (navigator as Partial<Navigator>).serviceWorker
  if (container === undefined) return null
  return container.register([path, 'worker.js'].join('/'), { scope: path })
}
