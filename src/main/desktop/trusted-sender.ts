import type { WebContents, WebFrameMain } from 'electron'
import { APP_ORIGIN } from './app-origin.ts'

/** Who has sent a message, as Electron says and not the message itself. */
export interface Sender {
  readonly sender: WebContents
  readonly senderFrame: Pick<WebFrameMain, 'origin' | 'parent'> | null
}

/** The page itself and no frame in it, at our own origin, in a window of ours. */
export function isTrusted(
  { sender, senderFrame }: Sender,
  isOurs: (contents: WebContents) => boolean,
): boolean {
  // Without a frame, whoever asked has gone elsewhere in the meantime.
  if (senderFrame === null) return false
  return senderFrame.parent === null && senderFrame.origin === APP_ORIGIN && isOurs(sender)
}
