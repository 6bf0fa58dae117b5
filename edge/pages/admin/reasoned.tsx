/** Acts that need a reason, and facts of a record in two columns. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Field, Form } from '../base/form.tsx'
import { say } from '../texts/index.ts'

interface ReasonedProps {
  /** The word on the button. */
  words: string
  /** The name for screen readers, where several buttons have the same word. */
  label?: string
  onAct(reason: string): Promise<unknown>
}

/** A button that asks for a reason before it acts. */
export function Reasoned({ words, label, onAct }: ReasonedProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        class="quiet"
        aria-label={label}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {words}
      </button>
      {isOpen ? (
        <Form
          class=""
          submit={words}
          onSubmit={async ({ reason = '' }) => {
            await onAct(reason)
            setOpen(false)
          }}
        >
          <Field label={say('admin.reason')} name="reason" required maxLength={1000} />
        </Form>
      ) : null}
    </>
  )
}

/** Names and values of a record; a value that is null is left out. */
export function Facts({ of }: { of: Readonly<Record<string, ComponentChildren>> }) {
  return (
    <dl class="facts">
      {Object.entries(of).map(([name, value]) =>
        value === null || value === undefined ? null : (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ),
      )}
    </dl>
  )
}
