/** Typed events without a dependency, for browsers and Node alike. */

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()

  /** Calls `listener` at each event of that name. Returns a function that stops it. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()))
    listeners.add(listener as (event: never) => void)
    return () => {
      listeners.delete(listener as (event: never) => void)
    }
  }

  /**
   * A listener that throws disturbs neither the other listeners nor the connection. Its error
   * surfaces as an unhandled one.
   */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? [])
      try {
        listener(event as never)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
  }

  /** Emits a message under the name of its type. */
  protected pass(message: Extract<Events[keyof Events], { type: string }>): void {
    this.emit(message.type as keyof Events, message)
  }
}
