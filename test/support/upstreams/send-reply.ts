import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Encoded } from './dialects.ts'
import type { Reply } from './reply.ts'
import { sendJson } from './stand-in.ts'

/** Sends an encoded reply with the timing and the faults that {@link Reply} asks for. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  encoded: Encoded,
  options: {
    readonly stream: boolean
    readonly headers: Readonly<Record<string, string>>
    readonly comment: string
  },
): Promise<void> {
  if (reply.firstDelayMs !== undefined) await delay(reply.firstDelayMs)
  if (response.destroyed) return
  const headers = { ...options.headers, ...reply.headers }
  if (!options.stream) {
    if (reply.end === 'cut') response.destroy()
    else if (reply.end !== 'stall') sendJson(response, 200, encoded.whole, headers)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })
  response.flushHeaders()
  for (let index = 0; index < (reply.comments ?? 0); index++) {
    if (reply.commentEveryMs !== undefined) await delay(reply.commentEveryMs)
    if (!(await write(response, options.comment))) return
  }
  const end = reply.end ?? 'complete'
  const events = end === 'complete' ? encoded.events : encoded.events.slice(0, reply.eventsBeforeEnd ?? 4)
  for (const event of events) {
    if (!(await write(response, event))) return
    if (reply.chunkDelayMs !== undefined) await delay(reply.chunkDelayMs)
  }
  finish(response, end, encoded.errorEvent)
}

function finish(response: ServerResponse, end: NonNullable<Reply['end']>, errorEvent: string): void {
  if (end === 'stall') return
  if (end === 'cut') {
    response.destroy()
    return
  }
  if (end === 'error') response.write(errorEvent)
  response.end()
}

/** Waits for a slow reader. @returns false when the reader is gone. */
async function write(response: ServerResponse, text: string): Promise<boolean> {
  if (response.destroyed) return false
  if (!response.write(text)) await drained(response)
  return !response.destroyed
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
