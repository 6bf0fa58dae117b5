/**
 * One actor in memory: its state, its mailbox and its phase. Commands wait unless the phase is
 * `idle`. One command is in work at a time, and the next is decided only when its events are
 * durable.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { AnyKind } from './kind.ts'
import type { Letter, TellReply } from './letter.ts'

/**
 * loading: it is read from the journal. persisting: an append is under way. gone: the slot was
 * lost, and the caller must ask the new owner.
 */
export type Phase = 'loading' | 'idle' | 'persisting' | 'gone'

export class Cell {
  readonly kind: AnyKind
  readonly actorId: string
  readonly slot: number
  phase: Phase = 'loading'
  state: unknown
  version = 0
  updatedAtMs = 0
  /**
   * Time when it last had a command, was woken or was loaded, ms since the epoch. An old value
   * means that it may sleep.
   */
  touchedAtMs = 0
  /** Command ids whose events are in the journal, oldest first. */
  acceptedIds: string[] = []
  /**
   * Refusals are not events: they are remembered while the actor is awake, and forgotten when it
   * sleeps or restarts.
   */
  #refused: Map<string, TellReply> | null = null
  #mailbox: Letter[] = []
  /** The actor is assumed to be new; the journal was not read. */
  unread = false
  /** Changed since its last snapshot. */
  dirty = false

  constructor(kind: AnyKind, actorId: string, slot: number) {
    this.kind = kind
    this.actorId = actorId
    this.slot = slot
    this.state = kind.absent
  }

  get waiting(): number {
    return this.#mailbox.length
  }

  /** False when `depthMax` letters wait already. */
  post(letter: Letter, depthMax: number): boolean {
    if (this.#mailbox.length >= depthMax) return false
    this.#mailbox.push(letter)
    return true
  }

  /** Puts the letter in front of all that wait. */
  putBack(letter: Letter): void {
    this.#mailbox.unshift(letter)
  }

  take(): Letter | undefined {
    return this.#mailbox.shift()
  }

  takeAll(): Letter[] {
    const letters = this.#mailbox
    this.#mailbox = []
    return letters
  }

  rememberAccepted(commandId: string): void {
    this.acceptedIds.push(commandId)
    if (this.acceptedIds.length > limits.commandIdsRememberedMax) this.acceptedIds.shift()
  }

  rememberRefused(commandId: string, reply: TellReply): void {
    this.#refused ??= new Map()
    this.#refused.set(commandId, reply)
    if (this.#refused.size > limits.commandIdsRememberedMax)
      this.#refused.delete(this.#refused.keys().next().value!)
  }

  /** The answer that an earlier try with the same command id got. */
  recall(commandId: string): TellReply | undefined {
    if (this.acceptedIds.includes(commandId)) return this.success()
    return this.#refused?.get(commandId)
  }

  success(): TellReply {
    return { ok: true, state: this.state, version: this.version, updatedAtMs: this.updatedAtMs }
  }
}
