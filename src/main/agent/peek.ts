import type { Socket } from 'node:net'

export type PeekResult<Opening> =
  | { readonly kind: 'opening'; readonly opening: Opening }
  /** The time is up; `received` tells a silent connection from a slow one. */
  | { readonly kind: 'timeout'; readonly received: number }
  /** It ended or was cut before it said what it wants. */
  | { readonly kind: 'gone'; readonly received: number }

/**
 * Reads just enough of a connection to tell what it is. Afterwards the socket is paused and every byte is back
 * in it, so that whoever takes it reads it from the start.
 *
 * @param read tells what the bytes so far are, or undefined while more are needed.
 */
export function peek<Opening>(
  socket: Socket,
  timeoutMs: number,
  read: (bytes: Buffer) => Opening | undefined,
): Promise<PeekResult<Opening>> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0)
    const settle = (result: PeekResult<Opening>) => {
      clearTimeout(timer)
      socket.pause()
      socket.off('data', onData).off('end', onGone).off('close', onGone)
      // After an end nothing can be put back, and nobody would read it.
      if (seen.length > 0 && !socket.destroyed && !socket.readableEnded) socket.unshift(seen)
      resolve(result)
    }
    const onData = (data: Buffer) => {
      seen = seen.length === 0 ? data : Buffer.concat([seen, data])
      const opening = read(seen)
      if (opening !== undefined) settle({ kind: 'opening', opening })
    }
    const onGone = () => settle({ kind: 'gone', received: seen.length })
    const timer = setTimeout(() => settle({ kind: 'timeout', received: seen.length }), timeoutMs)
    socket.on('data', onData).on('end', onGone).on('close', onGone)
    socket.resume()
  })
}
