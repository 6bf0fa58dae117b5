/**
 * A field for a code: read by the camera where the browser reads codes itself, otherwise from a
 * picture that the server reads, or typed.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import { say } from '../texts/index.ts'
import { problemText } from './form.tsx'

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>
}
type DetectorMaker = new (options: { formats: string[] }) => Detector
const makerOf = (): DetectorMaker | undefined =>
  (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector

const formats = ['qr_code', 'data_matrix', 'code_128']
/** Pause between two looks at the picture of the camera, ms. */
const lookMs = 200
const charactersMax = 500

interface CodeProps {
  api: RestClient
  label: string
  hint?: string
  name: string
  required?: boolean
  inputMode?: 'numeric'
  /** Called with a code that was read, not with a typed one. */
  onRead?(text: string): void
}

/** The field; what is read stands in it, so that the person sees it before it counts. */
export function CodeField({ api, label, hint, onRead, ...input }: CodeProps) {
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [isLooking, setLooking] = useState(false)
  const [problem, setProblem] = useState('')
  const found = (text: string): void => {
    setLooking(false)
    setProblem('')
    field.current!.value = text
    onRead?.(text)
  }
  const readPicture = async (picture: File | undefined): Promise<void> => {
    if (picture === undefined) return
    setProblem('')
    try {
      const [code] = (await api.media.readCodes(picture)).codes
      if (code === undefined) setProblem(say('scan.none'))
      else found(code.text)
    } catch (error) {
      setProblem(problemText(error))
    }
  }
  return (
    <div class="field">
      <label for={id}>
        {label} {hint === undefined ? null : <span class="soft">{hint}</span>}
      </label>
      <input
        id={id}
        ref={field}
        {...input}
        dir="ltr"
        autocomplete="off"
        maxLength={charactersMax}
        // A hand scanner ends with Enter, which must not send a form that is half filled in.
        onKeyDown={event => {
          if (event.key !== 'Enter' || onRead !== undefined) return
          event.preventDefault()
        }}
      />
      {makerOf() === undefined ? (
        <PictureOfCode label={label} onPicture={readPicture} />
      ) : (
        <button
          type="button"
          class="plain"
          aria-pressed={isLooking}
          aria-label={`${say(isLooking ? 'scan.stop' : 'scan.camera')}: ${label}`}
          onClick={() => setLooking(!isLooking)}
        >
          {say(isLooking ? 'scan.stop' : 'scan.camera')}
        </button>
      )}
      {isLooking ? (
        <Camera
          onFound={found}
          onProblem={error => {
            setLooking(false)
            setProblem(error instanceof DOMException ? say('scan.refused') : problemText(error))
          }}
        />
      ) : null}
      <span class="error" role="alert">
        {problem}
      </span>
    </div>
  )
}

interface PictureProps {
  label: string
  onPicture(picture: File | undefined): Promise<void>
}

function PictureOfCode({ label, onPicture }: PictureProps) {
  const id = useId()
  return (
    <>
      <label for={id} class="small">
        {say('scan.picture')}
        <span class="unseen">{label}</span>
      </label>
      <input
        id={id}
        type="file"
        accept="image/png,image/jpeg"
        capture="environment"
        onChange={event => {
          const input = event.currentTarget
          // The same picture may be chosen again.
          void onPicture(input.files?.[0]).finally(() => (input.value = ''))
        }}
      />
    </>
  )
}

interface CameraProps {
  onFound(text: string): void
  onProblem(error: unknown): void
}

/** The picture of the camera until it shows a code. */
function Camera({ onFound, onProblem }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    let stream: MediaStream | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const end = (): void => {
      isOver = true
      clearTimeout(timer)
      for (const track of stream?.getTracks() ?? []) track.stop()
    }
    const fail = (error: unknown): void => {
      if (!isOver) onProblem(error)
      end()
    }
    const Maker = makerOf()!
    const begin = async (): Promise<void> => {
      // A page that came over plain HTTP has no such object.
      const { mediaDevices } = navigator as Partial<Navigator>
      if (mediaDevices === undefined) throw new DOMException(say('scan.refused'))
      stream = await mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      if (isOver) return end()
      video.current!.srcObject = stream
      await video.current!.play()
      const detector = new Maker({ formats })
      const look = async (): Promise<void> => {
        const [code] = await detector.detect(video.current!)
        if (isOver) return
        if (code === undefined) timer = setTimeout(() => void look().catch(fail), lookMs)
        else {
          end()
          onFound(code.rawValue)
        }
      }
      await look()
    }
    begin().catch(fail)
    return end
  }, [])
  return <video ref={video} muted playsInline aria-label={say('scan.view')} />
}
