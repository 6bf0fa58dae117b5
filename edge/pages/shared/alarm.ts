/**
 * The sound of an offer or a request. Browsers allow it after a press of a button. It repeats until
 * everything is answered or over; a phone also trembles.
 */
const toneHz = 880
const toneSeconds = 0.18
const everyMs = 1_500
const loudness = 0.25

export class Alarm {
  #audio: AudioContext | null = null
  #repeating: ReturnType<typeof setInterval> | undefined

  /** Must be called while a button is being pressed. */
  allow(): void {
    this.#audio ??= new AudioContext()
    void this.#audio.resume()
  }

  ring(): void {
    this.stop()
    this.#once()
    this.#repeating = setInterval(() => this.#once(), everyMs)
  }

  stop(): void {
    clearInterval(this.#repeating)
    this.#repeating = undefined
  }

  #once(): void {
    ;(navigator as Partial<Navigator>).vibrate?.([200, 100, 200])
    const audio = this.#audio
    if (audio === null || audio.state !== 'running') return
    for (const [index, factor] of [1, 1.5].entries()) {
      const tone = audio.createOscillator()
      const volume = audio.createGain()
      const begin = audio.currentTime + index * toneSeconds
      tone.frequency.value = toneHz * factor
      volume.gain.setValueAtTime(loudness, begin)
      volume.gain.exponentialRampToValueAtTime(0.001, begin + toneSeconds)
      tone.connect(volume).connect(audio.destination)
      tone.start(begin)
      tone.stop(begin + toneSeconds)
    }
  }
}
