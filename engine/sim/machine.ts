/**
 * Counts the steps of the kinds' machines that a simulation took. A simulation does not test the
 * steps that it never took.
 */
import type { AnyKind } from '../actors/kind.ts'

/** How often each step was taken. */
export class Coverage {
  readonly #seen = new Map<string, number>()

  /** An event came in the state `from`. */
  take(kind: string, from: string, event: string): void {
    const step = `${kind}: ${from} + ${event}`
    this.#seen.set(step, (this.#seen.get(step) ?? 0) + 1)
  }

  /** Adds the counts of another run. */
  add(other: Coverage): void {
    for (const [step, count] of other.#seen)
      this.#seen.set(step, (this.#seen.get(step) ?? 0) + count)
  }

  /** All steps of the kinds' machines with how often each was taken, in the order of the lists. */
  steps(kinds: readonly AnyKind[]): [string, number][] {
    return kinds.flatMap(({ name, machine }) =>
      Object.entries(machine.steps).flatMap(([from, next]) =>
        Object.keys(next).map((event): [string, number] => {
          const step = `${name}: ${from} + ${event}`
          return [step, this.#seen.get(step) ?? 0]
        }),
      ),
    )
  }
}
