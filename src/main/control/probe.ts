import { connect } from 'node:net'
import type { ServerAddress } from './control-plane.ts'

/** Whether something accepts connections there. */
export type Probe = (address: ServerAddress, signal: AbortSignal) => Promise<boolean>

const TIMEOUT_MS = 3_000

/** Opens a connection and ends it at once. @throws the signal's reason. */
export const tcpProbe: Probe = async ({ host, port }, signal) => {
  signal.throwIfAborted()
  return await new Promise<boolean>((resolve, reject) => {
    const socket = connect({ host, port })
    const end = (isOpen: boolean) => {
      socket.destroy()
      signal.removeEventListener('abort', abort)
      resolve(isOpen)
    }
    const abort = () => {
      // The first of the two counts.
      reject(signal.reason)
      end(false)
    }
    signal.addEventListener('abort', abort)
    socket.setTimeout(TIMEOUT_MS, () => end(false))
    socket.once('connect', () => end(true))
    // Every way of not connecting means the same here.
    socket.on('error', () => end(false))
  })
}
