/** A button that becomes the player of a spoken answer. The sound is a file of this server only. */
import { useEffect, useRef } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import { player } from '../shared/files.ts'
import { say } from '../texts/index.ts'

/** The player of one sound. */
export function Player({ api, address }: { api: RestClient; address: string }) {
  const holder = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    holder.current!.replaceChildren(player(api, say('order.play'), address))
  }, [address])
  return (
    <>
      {' '}
      <span ref={holder} />
    </>
  )
}
