import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'

/** What a socket noticed when a cell was tried. */
export type Outcome =
  | { readonly kind: 'answered'; readonly ms: number; readonly detail: string }
  | { readonly kind: 'failed'; readonly ms: number; readonly code: string }
  | { readonly kind: 'silent'; readonly ms: number }

export interface Question {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  readonly family: 4 | 6
  /** Asks for a page, so that it is seen who answered. */
  readonly isHttp: boolean
  readonly timeoutMs: number
}

const DNS = 53
/** A question for the name servers of the root (RFC 1035 section 4.1); every resolver answers it. */
const DNS_QUESTION = Buffer.from('534201000001000000000000' + '00' + '0002' + '0001', 'hex')
/** A datagram may get lost without anybody's doing. */
const RESEND_MS = 300

/** Sends the question and waits for whatever comes back first. */
export function ask(question: Question): Promise<Outcome> {
  return question.protocol === 'tcp' ? askTcp(question) : askUdp(question)
}

/**
 * The own address from which the system would send there, without sending anything.
 *
 * @returns undefined where it knows no way.
 */
export async function sourceFor(address: string, family: 4 | 6): Promise<string | undefined> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
  try {
    return await new Promise<string | undefined>((resolve) => {
      socket.on('error', () => resolve(undefined))
      socket.connect(DNS, address, (error?: Error | null) =>
        resolve(error == null ? socket.address().address : undefined),
      )
    })
  } finally {
    socket.close()
  }
}

/** @returns the address itself, or that of a name in this family; undefined where there is none. */
export async function resolveName(host: string, family: 4 | 6): Promise<string | undefined> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host, { family })).address
  } catch {
    return undefined
  }
}

function askTcp({ address, port, family, isHttp, timeoutMs }: Question): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now()
    const socket = connect({ host: address, port, family })
    let isConnected = false
    const done = (outcome: Outcome) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const since = () => performance.now() - started
    const timer = setTimeout(
      () =>
        done(
          isConnected
            ? { kind: 'answered', ms: since(), detail: 'connected, then silent' }
            : { kind: 'silent', ms: since() },
        ),
      timeoutMs,
    )
    socket.on('connect', () => {
      isConnected = true
      if (isHttp) socket.write(`GET /api/version HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`)
      else done({ kind: 'answered', ms: since(), detail: 'connected' })
    })
    socket.on('data', (data) => {
      const [line = ''] = data.toString('latin1').split('\r\n')
      done({ kind: 'answered', ms: since(), detail: `connected, "${line.slice(0, 40)}"` })
    })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      done(
        isConnected
          ? { kind: 'answered', ms: since(), detail: `connected, then ${error.code}` }
          : { kind: 'failed', ms: since(), code: error.code ?? error.message },
      ),
    )
    socket.on('end', () => done({ kind: 'answered', ms: since(), detail: 'connected, then closed' }))
  })
}

function askUdp({ address, port, family, timeoutMs }: Question): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now()
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
    let isOver = false
    const done = (outcome: Outcome) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      clearInterval(again)
      socket.close()
      resolve(outcome)
    }
    const since = () => performance.now() - started
    const failed = (error: NodeJS.ErrnoException) =>
      done({ kind: 'failed', ms: since(), code: error.code ?? error.message })
    const message = port === DNS ? DNS_QUESTION : Buffer.from('sovereign perimeter verify')
    const send = () => {
      if (isOver) return
      socket.send(message, (error) => {
        if (error !== null) failed(error)
      })
    }
    const timer = setTimeout(() => done({ kind: 'silent', ms: since() }), timeoutMs)
    let again: NodeJS.Timeout | undefined
    socket.on('error', failed)
    socket.on('message', (data) =>
      done({ kind: 'answered', ms: since(), detail: `answered ${data.length} bytes` }),
    )
    socket.connect(port, address, (error?: NodeJS.ErrnoException | null) => {
      if (error != null) return failed(error)
      send()
      again = setInterval(send, RESEND_MS)
    })
  })
}
