import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Answers a request without a host. The connection stays for the next one where this one was read to its end: a body that
 * nobody reads would come before it, and the rest of one is not worth waiting for.
 *
 * @param answer writes the head and all the rest.
 */
export function answerByItself(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  if (isRead(request)) {
    answer()
    return
  }
  // Node tells of a head before it has read on to the end of the bytes that came with it; its ticks do not wait for that.
  setImmediate(() => {
    // Refused for something else meanwhile.
    if (response.destroyed || response.headersSent) return
    if (!isRead(request)) response.shouldKeepAlive = false
    answer()
  })
}

function isRead({ complete, headers }: IncomingMessage): boolean {
  return complete || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
}
