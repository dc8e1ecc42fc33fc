import { parsePort } from './values.ts'

/** What somebody types after `ssh`. */
export interface Destination {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/**
 * Reads `host`, `user@host`, `user@host:port`, `[::1]:22` and `ssh://user@host:port`; a bare IPv6 address keeps its
 * colons.
 * @returns undefined when it is none of them
 */
export function parseDestination(text: string): Destination | undefined {
  const isUri = /^ssh:\/\//i.test(text)
  const bare = isUri ? text.slice(6).replace(/\/$/, '') : text
  // User names may hold an @, host names may not.
  const at = bare.lastIndexOf('@')
  const user = at < 0 ? undefined : decode(bare.slice(0, at), isUri)
  const place = splitPort(bare.slice(at + 1))
  if (place === undefined || user === '' || !isHostName(place.host)) return undefined
  return {
    host: place.host,
    ...(user === undefined ? {} : { user }),
    ...(place.port === undefined ? {} : { port: place.port }),
  }
}

function splitPort(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^\[([^\]]+)\](?::(.*))?$/.exec(text) ?? /^([^:]*)(?::([^:]*))?$/.exec(text)
  if (match === null) return { host: text, port: undefined }
  const host = match[1] ?? ''
  if (match[2] === undefined) return { host, port: undefined }
  const port = parsePort(match[2])
  return port === undefined ? undefined : { host, port }
}

/** A leading dash would be read as an option by ssh; blanks and slashes are in no host name. */
function isHostName(host: string): boolean {
  return host !== '' && !host.startsWith('-') && !/[\s/\\'"`$;&|<>(){}]/.test(host)
}

function decode(user: string, isUri: boolean): string {
  if (!isUri) return user
  try {
    return decodeURIComponent(user)
  } catch {
    // Stray percent signs: taken as they stand.
    return user
  }
}
