/** Forms that wait for their work, and that show each mistake at its field and in the language. */
import type { ComponentChildren, TargetedEvent, TargetedKeyboardEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { markFields, textsOf } from '../shared/forms.ts'
import { say, sayIfKnown } from '../texts/index.ts'

/** The text of an error for people: by its code, otherwise the server's own words. */
export function problemText(error: unknown): string {
  if (error instanceof CaduceusError) return sayIfKnown(`error.${error.code}`) ?? error.message
  return error instanceof Error ? error.message : String(error)
}

type Values = Record<string, string>

interface FormProps {
  id?: string
  class?: string
  /** The word on the button. */
  submit: string
  /** Buttons beside the one that sends. */
  more?: ComponentChildren
  onSubmit(values: Values, form: HTMLFormElement): Promise<void>
  children: ComponentChildren
}

/** A form whose button waits for `onSubmit`, and that shows the error with which it fails. */
export function Form({ id, class: look = 'panel', submit, more, onSubmit, children }: FormProps) {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const send = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    if (isBusy) return
    const form = event.currentTarget
    for (const input of form.elements) input.removeAttribute('aria-invalid')
    setProblem('')
    setBusy(true)
    try {
      await onSubmit(textsOf(new FormData(form)), form)
    } catch (error) {
      setProblem(markFields(form, error) || problemText(error))
      form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
    } finally {
      setBusy(false)
    }
  }
  return (
    <form id={id} class={look} onSubmit={event => void send(event)}>
      {children}
      <div class="row">
        <button type="submit" disabled={isBusy} aria-busy={isBusy}>
          {submit}
        </button>
        {more}
      </div>
      <p class="error" role="alert">
        {problem}
      </p>
    </form>
  )
}

interface InputProps {
  label: string
  hint?: string
  name?: string
  type?:
    | 'text'
    | 'email'
    | 'password'
    | 'tel'
    | 'number'
    | 'file'
    | 'range'
    | 'search'
    | 'date'
    | 'datetime-local'
    | 'url'
  required?: boolean
  autocomplete?: string
  defaultValue?: string | number
  value?: string | number
  inputMode?: 'numeric'
  pattern?: string
  minLength?: number
  maxLength?: number
  min?: number | string
  max?: number | string
  step?: number | 'any'
  accept?: string
  capture?: 'environment'
  onChange?(event: TargetedEvent<HTMLInputElement>): void
  onInput?(event: TargetedEvent<HTMLInputElement>): void
  onKeyDown?(event: TargetedKeyboardEvent<HTMLInputElement>): void
}

/** A labelled field. */
export function Field({ label, hint, ...input }: InputProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>
        {label} {hint === undefined ? null : <span class="soft">{hint}</span>}
      </label>
      {/* The types of the library want each kind of field apart. */}
      <input id={id} {...(input as object)} />
    </div>
  )
}

interface CheckProps {
  label: string
  name: string
  value?: string
  checked?: boolean
  onChange?(event: TargetedEvent<HTMLInputElement>): void
}

/** A box to tick; its value in the form is absent while it is not ticked. */
export function Check({ label, checked, ...input }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" defaultChecked={checked ?? false} {...input} /> {label}
    </label>
  )
}

interface ChoiceProps {
  label: string
  options: readonly (readonly [value: string, words: string])[]
  name?: string
  value?: string
  defaultValue?: string
  required?: boolean
  onChange?(event: TargetedEvent<HTMLSelectElement>): void
}

/** A labelled choice. */
export function Choice({ label, options, defaultValue, ...select }: ChoiceProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} {...select}>
        {options.map(([value, words]) => (
          <option key={value} value={value} selected={value === (select.value ?? defaultValue)}>
            {words}
          </option>
        ))}
      </select>
    </div>
  )
}

/** A second press within this time is the end of a double one, and no answer, ms. */
const doublePressMs = 700

interface ActionProps {
  class?: string
  onAct(): Promise<unknown> | void
  /** Asks before it acts; a second press is the answer, unless it is that of a double one. */
  confirm?: string
  disabled?: boolean
  children: ComponentChildren
  label?: string
}

/** A button that waits for its work and shows the error with which it fails. */
export function Action({ class: look, onAct, confirm, disabled, children, label }: ActionProps) {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [isAnswerable, setAnswerable] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!isAsking) return
    const timer = setTimeout(() => setAnswerable(true), doublePressMs)
    return () => {
      clearTimeout(timer)
      setAnswerable(false)
    }
  }, [isAsking])
  const act = async (): Promise<void> => {
    if (confirm !== undefined && !isAsking) {
      setAsking(true)
      return
    }
    if (isAsking && !isAnswerable) return
    setAsking(false)
    setProblem('')
    setBusy(true)
    try {
      await onAct()
    } catch (error) {
      setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        class={isAsking ? 'bad' : look}
        aria-label={isAsking ? undefined : label}
        disabled={disabled === true || isBusy}
        // Not disabled, because a disabled button loses the focus.
        aria-disabled={isAsking && !isAnswerable}
        aria-busy={isBusy}
        onClick={() => void act()}
      >
        {isAsking ? confirm : children}
      </button>
      {isAsking ? (
        <button type="button" class="plain" onClick={() => setAsking(false)}>
          {say('action.keep')}
        </button>
      ) : null}
      {problem === '' ? null : (
        <span class="error" role="alert">
          {problem}
        </span>
      )}
    </>
  )
}
