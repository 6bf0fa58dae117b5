/**
 * One line of progress: rewritten in place on a terminal, a new line every few seconds elsewhere.
 */
const plainEveryMs = 5_000

export class LiveLine {
  readonly #out: NodeJS.WriteStream
  #plainAtMs = -Infinity
  #shown = false

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out
  }

  show(text: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[2K${text.slice(0, Math.max(20, (this.#out.columns ?? 120) - 1))}`)
      this.#shown = true
      return
    }
    const nowMs = performance.now()
    if (nowMs - this.#plainAtMs < plainEveryMs) return
    this.#plainAtMs = nowMs
    this.#out.write(`${text}\n`)
  }

  /** Removes the live line. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\u001b[2K')
    this.#shown = false
  }

  /** Prints a line that stays, in place of the live one. */
  say(text: string): void {
    this.end()
    this.#out.write(`${text}\n`)
  }

  /** Keeps the line; the next output begins below it. */
  end(): void {
    if (this.#shown) this.#out.write('\n')
    this.#shown = false
    this.#plainAtMs = -Infinity
  }
}
