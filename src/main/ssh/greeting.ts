import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import { turnedAway } from './connect-error.ts'

/** The first words of whatever has the port, as far as they are no SSH yet. */
export interface Greeting {
  /** A line with an SSH version has come; before it a server may say other things (RFC 4253, section 4.2). */
  readonly isSsh: boolean
  /** Why nothing came of it; undefined while nothing was said that explains it. */
  failure(place: string, port: number): AppError | undefined
}

/** More than any protocol needs to give itself away. */
const ENOUGH_BYTES = 1024
const LONGEST_QUOTE = 80

/** How other servers begin. They answer to our SSH version at the latest, which makes no sense to them. */
const OTHER_PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/|^\s*<(?:!doctype|html)/i, 'HTTP'],
  [/^\d{3}[ -]/, 'SMTP or FTP'],
  [/^\* (?:OK|PREAUTH|BYE)/, 'IMAP'],
  [/^[+-](?:OK|ERR|NOAUTH|DENIED)/, 'POP3 or Redis'],
  [/^RFB \d/, 'VNC'],
  [/^\xff[\xfb-\xfe]/, 'Telnet'],
]

/** What sshd says where it hangs up before its version (drop_connection in its sshd.c). */
const SSHD_REFUSAL = /^(?:Exceeded MaxStartups|Not allowed at this time)/

/**
 * Listens along without taking anything from the other listeners: the stream stays paused until one of them
 * resumes it. `onForeign` is called once, as soon as it is plain that another protocol is spoken.
 */
export function overhear(stream: Duplex, onForeign: () => void): Greeting {
  let said = ''
  let isSsh = false
  const onData = (data: Buffer) => {
    said += data.toString('latin1')
    isSsh = /^SSH-/m.test(said)
    if (!isSsh && protocolOf(said) !== undefined) onForeign()
    if (isSsh || protocolOf(said) !== undefined || said.length >= ENOUGH_BYTES) stream.off('data', onData)
  }
  stream.on('data', onData)
  stream.pause()
  return {
    get isSsh() {
      return isSsh
    },
    failure: (place, port) => (isSsh || said === '' ? undefined : foreign(said, place, port)),
  }
}

function foreign(said: string, place: string, port: number): AppError {
  const quote = quoted(said)
  if (quote !== undefined && SSHD_REFUSAL.test(said)) return turnedAway(place, { quote })
  const protocol = protocolOf(said)
  // Words that could be those of a gateway on the way, such as of a machine that is still starting.
  if (protocol === undefined && quote !== undefined) {
    return new AppError(
      'ssh.turned-away',
      `${place} said ${quote} on port ${port} instead of greeting as an SSH server.`,
      {
        remedy: 'It is tried again with growing pauses. If it stays, check that this is the port of an sshd.',
      },
    )
  }
  const what = protocol === undefined ? 'it sent bytes that are no text' : `it speaks ${protocol}`
  const evidence = quote === undefined ? '' : `, and said ${quote}`
  return new AppError(
    'ssh.not-ssh',
    `${place} answers on port ${port}, but not as an SSH server: ${what}${evidence}.`,
  )
}

function protocolOf(said: string): string | undefined {
  return isTls(said) ? 'TLS' : OTHER_PROTOCOLS.find(([start]) => start.test(said))?.[1]
}

/** An alert or a handshake record (RFC 8446, section 5.1). */
function isTls(said: string): boolean {
  const [type, major] = Buffer.from(said.slice(0, 2), 'latin1')
  return (type === 0x15 || type === 0x16) && major === 3
}

/** The first line in quotes; undefined where it is no text. */
function quoted(said: string): string | undefined {
  const line = said.split(/\r?\n/, 1)[0]?.trim() ?? ''
  if (line === '' || !/^[\x20-\x7e\t]+$/.test(line)) return undefined
  return `"${line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE - 1)}…` : line}"`
}
