/** A field for a voice message: record it, hear it, keep or discard it. */
import { useEffect, useState } from 'preact/hooks'
import { say } from '../texts/index.ts'
import { problemText } from './form.tsx'
import { remaining } from './format.ts'
import { Recorder } from './recorder.ts'

interface VoiceProps {
  /** What was recorded and not discarded. */
  recording: Blob | null
  onChange(recording: Blob | null): void
  /** The word on the button that begins. */
  label: string
  disabled?: boolean
}

/** The field. It shows nothing where the browser cannot record. */
export function VoiceField({ recording, onChange, label, disabled }: VoiceProps) {
  const [recorder] = useState(() => new Recorder())
  const [problem, setProblem] = useState('')
  useEffect(() => () => recorder.stop(), [])
  if (!Recorder.isPossible) return null
  const record = async (): Promise<void> => {
    setProblem('')
    try {
      const made = await recorder.record()
      if (made !== null) onChange(made)
    } catch (error) {
      const isRefused = error instanceof DOMException
      setProblem(isRefused ? say('voice.refused') : problemText(error))
    }
  }
  if (recording !== null)
    return (
      <div class="row voice">
        <Preview recording={recording} />
        <button type="button" class="plain" disabled={disabled} onClick={() => onChange(null)}>
          {say('voice.discard')}
        </button>
      </div>
    )
  const state = recorder.state.value
  return (
    <div class="row voice">
      {state === 'recording' ? (
        <>
          <button type="button" class="bad" onClick={() => recorder.stop()}>
            {say('voice.stop')}
          </button>
          <meter class="level" value={recorder.level.value} aria-label={say('voice.level')} />
          <span class="small soft number">{remaining(recorder.secondsLeft.value * 1_000)}</span>
        </>
      ) : (
        <button
          type="button"
          class="plain"
          disabled={disabled === true || state === 'asking'}
          onClick={() => void record()}
        >
          {label}
        </button>
      )}
      <span class="error" role="alert">
        {problem}
      </span>
    </div>
  )
}

function Preview({ recording }: { recording: Blob }) {
  const [address, setAddress] = useState('')
  useEffect(() => {
    const made = URL.createObjectURL(recording)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [recording])
  return address === '' ? null : <audio controls src={address} aria-label={say('voice.listen')} />
}
