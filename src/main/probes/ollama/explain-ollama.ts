import { isIP } from 'node:net'
import { kindOfAddress } from '../../../node/address-policy/address-kind.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Circumstances } from './circumstances.ts'
import { ConnectFailure } from './connect-failure.ts'
import { ExchangeFailure, exchange } from './exchange.ts'
import { explainSilence } from './explain-silence.ts'
import { findOllama } from './look-around.ts'
import type { Surroundings } from './surroundings.ts'
import { EmptyRefusal } from './unusable-answer.ts'

const USUAL_PORT = '11434'
const ASK_AGAIN_MS = 3_000

/** Why there is no usable answer, in words that name the way out; looks around for what tells causes apart. */
export async function explainOllama(base: URL, error: unknown, where: Circumstances): Promise<AppError> {
  const cause = await explain(base, error, where)
  if (base.port !== '' || NOT_THE_PORT.has(cause.code)) return cause
  return noPort(base, cause, where)
}

/** What would be the same on any port. */
const NOT_THE_PORT: ReadonlySet<string> = new Set([
  'ollama.host-refused',
  'ollama.origin-refused',
  'ollama.busy',
])

async function explain(base: URL, error: unknown, where: Circumstances): Promise<AppError> {
  if (error instanceof AppError) return error
  if (error instanceof EmptyRefusal) return explainRefusal(base, where)
  if (error instanceof ConnectFailure) return explainConnect(base, error, where)
  if (error instanceof ExchangeFailure) return explainExchange(base, error)
  throw error
}

async function noPort(base: URL, cause: AppError, { way }: Circumstances): Promise<AppError> {
  const meant = base.protocol === 'https:' ? 443 : 80
  const found = await findOllama([`${base.hostname}:${USUAL_PORT}`], way)
  // Behind a name with TLS there is often a proxy on purpose; then the port is not what is wrong.
  if (found === undefined && (base.protocol === 'https:' || cause.code.startsWith('ssh.'))) return cause
  const there = found === undefined ? '' : ` Ollama answers at ${found}.`
  return new AppError(
    'ollama.no-port',
    `${base.origin} names no port, which means ${meant}, and no Ollama answers there.${there}`,
    { cause, ...(found === undefined ? {} : { remedy: `Use http://${found}.` }) },
  )
}

async function explainRefusal(base: URL, { way }: Circumstances): Promise<AppError> {
  const signal = AbortSignal.timeout(ASK_AGAIN_MS)
  const host = `localhost:${base.port || 80}`
  const again = await exchange(base, way, { path: '/api/version', host, signal }).catch(() => undefined)
  if (again?.status === 200)
    return new AppError('ollama.host-refused', `Ollama refuses requests that call it ${base.host}.`)
  return new AppError(
    'ollama.origin-refused',
    `${base.host} refuses requests without a word (status 403), under any name: something before it adds an Origin that Ollama does not allow.`,
  )
}

async function explainConnect(base: URL, failure: ConnectFailure, where: Circumstances): Promise<AppError> {
  const { via } = where.way
  const from = via === undefined ? '' : ` from ${via}`
  switch (failure.code) {
    case 'ENOTFOUND':
      return new AppError('ollama.unreachable', `${base.hostname} has no address${from}.`, {
        cause: failure,
        remedy: 'Check the spelling of the host, and whether this machine needs a VPN for it.',
      })
    case 'ECONNREFUSED':
      return explainNobody(base, failure, where)
    default:
      return explainSilence(base, failure, where)
  }
}

/** Nothing listens there; where else something does says what was meant. */
async function explainNobody(base: URL, failure: ConnectFailure, where: Circumstances): Promise<AppError> {
  const { way, around } = where
  const port = base.port || '80'
  const place = base.host
  const host = base.hostname.replace(/^\[(.*)\]$/, '$1')
  const isHere = way.via === undefined && isOwn(host, around)
  const loopback = [`127.0.0.1:${port}`, `[::1]:${port}`]
  const options = { cause: failure }
  if (isLoopback(host)) {
    const other = await findOllama(loopback, way)
    if (other !== undefined)
      return new AppError('ollama.localhost', `Nothing listens on ${place}; Ollama answers at ${other}.`, {
        ...options,
        remedy: `Write http://${other}.`,
      })
  } else if (isHere || way.via !== undefined) {
    const inside = await findOllama(loopback, way)
    if (inside !== undefined)
      return new AppError(
        'ollama.wrong-bind',
        `Ollama runs on ${way.via ?? 'this computer'}, but listens on ${inside} only and not on ${place}.`,
        options,
      )
  }
  const moved = await findOllama(elsewhere(host, port, where, isHere), way)
  if (moved !== undefined)
    return new AppError('ollama.moved', `Nothing listens on ${place}; Ollama answers at ${moved}.`, {
      ...options,
      remedy: `Use http://${moved}, which OLLAMA_HOST names there.`,
    })
  if (isHere || way.via !== undefined) {
    const seen = way.via === undefined ? '' : ` as seen from ${way.via}`
    return new AppError('ollama.not-running', `Nothing listens on ${place}${seen}.`, options)
  }
  return new AppError('ollama.not-running', `The machine of ${place} answers, but nothing listens there.`, {
    ...options,
    remedy:
      'Start Ollama there. If it runs, it listens on its own loopback only, which is usual: bind it with "sovereign ollama install --bind ADDRESS", or reach it over SSH with "via". A firewall that rejects looks the same.',
  })
}

function elsewhere(host: string, port: string, { around, way }: Circumstances, isHere: boolean): string[] {
  const named = way.via === undefined && isHere ? [around.env.OLLAMA_HOST ?? ''] : []
  const own = isHere ? around.addresses().filter((address) => !address.startsWith('fe80:')) : []
  return [
    ...named.map((text) => text.replace(/^https?:\/\//, '').replace(/\/.*$/, '')).filter(isPlace),
    ...own.map((address) => placeAt(address, port)),
    ...(port === USUAL_PORT ? [] : [placeAt(host, USUAL_PORT)]),
  ]
}

function isPlace(text: string): boolean {
  return /^(?:\[[0-9a-f:]+\]|[\w.-]+):\d+$/i.test(text) && !text.startsWith('0.0.0.0')
}

function placeAt(address: string, port: string): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && kindOfAddress(host) === 'loopback')
}

function isOwn(host: string, around: Surroundings): boolean {
  return isLoopback(host) || around.addresses().includes(host)
}

function explainExchange(base: URL, failure: ExchangeFailure): AppError {
  const place = base.host
  const { code } = failure
  const options = { cause: failure }
  if (code === 'TIMEOUT')
    return new AppError('ollama.silent', `${place} takes connections and does not answer in time.`, options)
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return new AppError('ollama.unreachable', `${place} does not speak TLS.`, {
      ...options,
      remedy: 'Use an address that begins with http://.',
    })
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code))
    return new AppError('ollama.unreachable', `The certificate of ${place} cannot be trusted (${code}).`, {
      ...options,
      remedy: 'Give the server a certificate that this machine trusts.',
    })
  if (code.startsWith('HPE_'))
    return new AppError('ollama.not-ollama', `${place} answers in something else than HTTP.`, options)
  return new AppError(
    'ollama.firewall',
    `The connection to ${place} was taken, and cut before there was an answer (${code}).`,
    options,
  )
}
