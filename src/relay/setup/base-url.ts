import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import { BASE_HOST_HEADER } from '../../shared/protocol/base-host.ts'

/** RFC 3986 reg-name without percent-encoding and without anything a shell or a config file could trip over. */
const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(\d{1,5}))?$/i

/**
 * Address under which this client reached the relay, such as `http://127.0.0.1:9090`, without a trailing slash.
 * The relay's own port would be wrong on every client whose tunnel ends on another one. A bridge that names the
 * relay in Host says beside it what the client had there, which has been checked to be a local name.
 */
export function baseUrlOf(request: IncomingMessage): string {
  const local = request.headers[BASE_HOST_HEADER]
  const host = typeof local === 'string' ? local : (request.headers.host ?? '')
  const port = HOST.exec(host)?.[1]
  if (!HOST.test(host) || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)))
    throw new AppError('setup.host-unusable', 'The Host header holds no usable host name and port.')
  const encrypted = typeof local !== 'string' && (request.socket as Partial<TLSSocket>).encrypted === true
  return `${encrypted ? 'https' : 'http'}://${host.toLowerCase()}`
}
