import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { resetSocket } from '../../../node/reset-socket.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { readAnswerHead, readTrailers } from './answer-head.ts'
import { TRAILER, without } from './request-head.ts'

export function unaskedSwitch(): AppError {
  return new AppError('egress.bad-answer', 'The host changed to another protocol that nobody had asked for.')
}

const ONE_PIECE_BYTES = 8_192

type Raw = readonly (string | Buffer)[]

/** Passes an answer back to the client, piece by piece as it comes and never more than the client reads. */
export class BackToClient {
  readonly response: ServerResponse
  private readonly pseudonym: string
  /** How much of a body of known length is still to come. */
  private left: number | undefined
  /** Kept back to go out in one write with the end. */
  private last: Buffer | undefined

  constructor(response: ServerResponse, pseudonym: string) {
    this.response = response
    this.pseudonym = pseudonym
    // Date is for the host to say.
    response.sendDate = false
  }

  get hasBegun(): boolean {
    return this.response.headersSent
  }

  /** An interim answer, such as 100 or 103. @throws AppError `egress.bad-answer` */
  interim(status: number, reason: string, raw: Raw): void {
    if (status === 101) throw unaskedSwitch()
    if (status < 100) throw new AppError('egress.bad-answer', `The host answered with the status ${status}.`)
    const { req, socket, headersSent } = this.response
    // HTTP/1.0 has none (RFC 9110 §15.2). A request that waits for the answer to an earlier one has no socket yet.
    if (req.httpVersion === '1.0' || socket === null || headersSent) return
    const { headers } = status === 100 ? { headers: [] } : readAnswerHead(raw, this.pseudonym)
    let head = `HTTP/1.1 ${status} ${reason}\r\n`
    for (let index = 0; index < headers.length; index += 2)
      // An answer that has no body has no length (RFC 9110 §8.6), and a client might wait for it.
      if (headers[index]?.toLowerCase() !== 'content-length')
        head += `${headers[index]}: ${headers[index + 1]}\r\n`
    socket.write(`${head}\r\n`, 'latin1')
  }

  /** @throws AppError `egress.bad-answer` */
  begin(status: number, reason: string, raw: Raw): void {
    // One that names no protocol is taken for a final answer.
    if (status === 101) throw unaskedSwitch()
    const { headers, length } = readAnswerHead(raw, this.pseudonym)
    const { method, httpVersion } = this.response.req
    this.left = method === 'HEAD' ? undefined : length
    const hasTrailers =
      length === undefined && method !== 'HEAD' && httpVersion !== '1.0' && status !== 204 && status !== 304
    try {
      this.response.writeHead(status, reason, hasTrailers ? headers : without(headers, TRAILER))
    } catch (cause) {
      throw new AppError('egress.bad-answer', 'The host answered with a head that cannot be passed on.', {
        cause,
      })
    }
  }

  /** @returns false if no more should come before the response has drained. */
  body(bytes: Buffer): boolean {
    if (this.left !== undefined) {
      this.left -= bytes.length
      if (this.left === 0) {
        this.last = bytes
        return true
      }
    }
    return this.response.write(bytes)
  }

  end(rawTrailers: Raw): void {
    if (rawTrailers.length > 0) this.response.addTrailers(readTrailers(rawTrailers))
    const { last } = this
    // As text it becomes one piece with the head, which the kernel takes at once and in half the time.
    if (last !== undefined && last.length <= ONE_PIECE_BYTES)
      this.response.end(last.toString('latin1'), 'latin1')
    else this.response.end(last)
  }

  /** What came so far is not all of it; an orderly end might look as if it were. */
  cut(): void {
    const { socket } = this.response
    if (socket instanceof Socket) resetSocket(socket)
    else this.response.destroy()
  }
}
