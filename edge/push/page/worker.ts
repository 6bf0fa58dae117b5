/**
 * Shows news while the page is closed, and opens the page at their subject when somebody presses
 * them. The text is ready to be shown and has nothing medical. It imports nothing, because not every
 * browser runs modules beside a page.
 */
interface Told extends Event {
  waitUntil(work: Promise<unknown>): void
  readonly data: { json(): Record<string, string> } | null
}
interface Pressed extends Event {
  waitUntil(work: Promise<unknown>): void
  readonly notification: Notification & { readonly data: { readonly address: string } }
}
interface Shown {
  readonly url: string
  focus(): Promise<unknown>
  navigate(address: string): Promise<unknown>
}
interface NewsScope {
  readonly registration: ServiceWorkerRegistration
  readonly clients: {
    matchAll(options: object): Promise<readonly Shown[]>
    openWindow(address: string): Promise<unknown>
  }
}

const news = globalThis as unknown as NewsScope

addEventListener('push', event => {
  const { data, waitUntil } = event as Told
  const told = data?.json() ?? {}
  const { scope } = news.registration
  waitUntil.call(
    event,
    news.registration.showNotification('Caduceus', {
      body: told['text'] ?? '',
      icon: '/web/shared-icon.svg',
      // The same news twice are shown once.
      tag: told['id'] ?? '',
      data: {
        address: told['about_kind'] === undefined ? scope : `${scope}#${told['about_kind']}`,
      },
    }),
  )
})

addEventListener('notificationclick', event => {
  const { notification, waitUntil } = event as Pressed
  notification.close()
  const { address } = notification.data
  const open = async (): Promise<unknown> => {
    const { scope } = news.registration
    const windows = await news.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const known = windows.find(({ url }) => url.startsWith(scope))
    if (known === undefined) return news.clients.openWindow(address)
    await known.focus()
    return known.navigate(address)
  }
  waitUntil.call(event, open())
})
