/**
 * A signature by finger, pen or mouse. Who cannot draw types the name, which becomes a picture too.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { say } from '../texts/index.ts'
import { Field } from '../base/form.tsx'

const width = 600
const height = 200
const penPx = 3

/** `onSigned` gets the picture after each stroke; null when it was wiped. */
export function Signature({ onSigned }: { onSigned(picture: Blob | null): void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isEmpty, setEmpty] = useState(true)
  const context = (): CanvasRenderingContext2D => canvas.current!.getContext('2d')!
  const wipe = (): void => {
    const paper = context()
    paper.fillStyle = '#ffffff'
    paper.fillRect(0, 0, width, height)
    setEmpty(true)
    onSigned(null)
  }
  const give = (): void => {
    setEmpty(false)
    canvas.current!.toBlob(picture => onSigned(picture), 'image/png')
  }
  useEffect(wipe, [])

  const placeOf = (event: PointerEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect()
    return [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
    ]
  }
  const begin = (event: PointerEvent): void => {
    canvas.current!.setPointerCapture(event.pointerId)
    const paper = context()
    paper.lineWidth = penPx
    paper.lineCap = 'round'
    paper.strokeStyle = '#000000'
    paper.beginPath()
    paper.moveTo(...placeOf(event))
  }
  const move = (event: PointerEvent): void => {
    if (event.buttons === 0) return
    const paper = context()
    paper.lineTo(...placeOf(event))
    paper.stroke()
  }
  const write = (name: string): void => {
    wipe()
    if (name.trim() === '') return
    const paper = context()
    paper.fillStyle = '#000000'
    paper.font = 'italic 48px serif'
    paper.textBaseline = 'middle'
    paper.fillText(name, 20, height / 2, width - 40)
    give()
  }
  return (
    <fieldset class="signature">
      <legend>{say('proof.signature')}</legend>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={say(isEmpty ? 'proof.sign_here' : 'proof.signed')}
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={give}
      />
      <Field
        label={say('proof.typed_name')}
        autocomplete="off"
        maxLength={100}
        onChange={event => write(event.currentTarget.value)}
      />
      <button type="button" class="plain" onClick={wipe}>
        {say('proof.wipe')}
      </button>
    </fieldset>
  )
}
