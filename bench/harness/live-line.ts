/** One line of progress: rewritten in place on a terminal, a plain line every few seconds elsewhere. */
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

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\u001b[2K')
    this.#shown = false
  }

  /** A line that stays, where the live one was. */
  say(text: string): void {
    this.end()
    this.#out.write(`${text}\n`)
  }

  /** Leaves the line as it is; the next output begins below it. */
  end(): void {
    if (this.#shown) this.#out.write('\n')
    this.#shown = false
    this.#plainAtMs = -Infinity
  }
}
