/**
 * Records a voice message with the microphone. A press of a button begins, because a browser asks
 * for the microphone then; the recording ends by a press, or at its longest time or largest size.
 */
import { signal } from '@preact/signals'

export type RecorderState = 'idle' | 'asking' | 'recording'

/** The first one that the browser records: AAC is played by every browser, Opus by all but old ones. */
const types = ['audio/mp4;codecs=mp4a.40.2', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus']
/** Speech needs no more; browsers that take another rate are stopped by `bytesMax`. */
const bitsPerSecond = 32_000
const secondsMax = 180
/** Below the largest sound that a server takes by itself. */
const bytesMax = 4 * 1024 * 1024
const pieceMs = 250
/** Loudness of speech close to a microphone, which fills the meter. */
const loudSpeech = 0.3

export class Recorder {
  readonly state = signal<RecorderState>('idle')
  /** Loudness from 0 to 1. */
  readonly level = signal(0)
  readonly secondsLeft = signal(secondsMax)
  #end: (() => void) | null = null

  /** False where the browser cannot record, as on a page without TLS. */
  static get isPossible(): boolean {
    const { mediaDevices } = navigator as Partial<Navigator>
    return mediaDevices !== undefined && typeof MediaRecorder !== 'undefined'
  }

  /** Records until `stop`. Null when nothing was recorded. Throws when the microphone is refused. */
  async record(): Promise<Blob | null> {
    if (this.state.value !== 'idle') return null
    this.state.value = 'asking'
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      try {
        // The person may have left while the browser asked.
        if (this.state.peek() === 'asking') return await this.#recordFrom(stream)
        return null
      } finally {
        for (const track of stream.getTracks()) track.stop()
      }
    } finally {
      this.#end = null
      this.state.value = 'idle'
      this.level.value = 0
    }
  }

  /** Ends the recording; while the browser still asks, nothing is recorded. */
  stop(): void {
    if (this.#end === null) this.state.value = 'idle'
    else this.#end()
  }

  async #recordFrom(stream: MediaStream): Promise<Blob | null> {
    const type = types.find(one => MediaRecorder.isTypeSupported(one))
    const recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: bitsPerSecond,
      ...(type !== undefined && { mimeType: type }),
    })
    const pieces: Blob[] = []
    let bytes = 0
    const ended = new Promise<void>(resolve => {
      recorder.addEventListener('stop', () => resolve())
    })
    this.#end = () => {
      if (recorder.state !== 'inactive') recorder.stop()
    }
    recorder.addEventListener('dataavailable', ({ data }) => {
      pieces.push(data)
      bytes += data.size
      if (bytes > bytesMax) this.#end?.()
    })
    recorder.start(pieceMs)
    const stopListening = this.#listen(stream)
    const beganMs = performance.now()
    const clock = setInterval(() => {
      const seconds = (performance.now() - beganMs) / 1_000
      this.secondsLeft.value = Math.max(0, Math.ceil(secondsMax - seconds))
      if (seconds >= secondsMax) this.#end?.()
    }, pieceMs)
    this.secondsLeft.value = secondsMax
    this.state.value = 'recording'
    await ended
    clearInterval(clock)
    stopListening()
    return bytes === 0 ? null : new Blob(pieces, { type: recorder.mimeType })
  }

  /** Measures the loudness, so that a silent microphone is seen before somebody has spoken to it. */
  #listen(stream: MediaStream): () => void {
    const audio = new AudioContext()
    const analyser = audio.createAnalyser()
    const samples = new Float32Array(analyser.fftSize)
    audio.createMediaStreamSource(stream).connect(analyser)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      this.level.value = Math.min(1, Math.sqrt(power) / loudSpeech)
    }, pieceMs / 2)
    return () => {
      clearInterval(timer)
      void audio.close()
    }
  }
}
