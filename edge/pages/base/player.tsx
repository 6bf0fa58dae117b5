/** A button that becomes the player of a spoken message. The sound is a file of this server only. */
import { useEffect, useRef } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import { player } from '../shared/files.ts'

interface PlayerProps {
  api: RestClient
  address: string
  /** The word on the button. */
  words: string
}

/** The player of one sound. */
export function Player({ api, address, words }: PlayerProps) {
  const holder = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    holder.current!.replaceChildren(player(api, words, address))
  }, [address, words])
  return (
    <>
      {' '}
      <span ref={holder} />
    </>
  )
}
