import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Ambient } from '../../node/ambient.ts'

/** A link is for the next minutes and for one browser. */
const LINK_LIFETIME_MS = 10 * 60_000
/** More are never needed at once; the oldest goes. */
const LINKS_MAX = 8
const BROWSERS_MAX = 16

/** Everything after `/open/` in a one-time link. */
export const OPEN_PATH = '/open/'

/**
 * Lets browsers of this machine in: a one-time link is exchanged for a cookie that lives as long as the bridge.
 * Nothing is kept on disk.
 */
export class DashboardDoor {
  private readonly ambient: Ambient
  /** Secret of a link, and until when it is good, in ms of the monotonic clock. */
  private readonly links = new Map<string, number>()
  private readonly browsers = new Set<string>()

  constructor(ambient: Ambient) {
    this.ambient = ambient
  }

  /** @returns the path of a new link. */
  makeLink(): string {
    const secret = randomBytes(32).toString('base64url')
    this.links.set(secret, this.ambient.monotonicMs() + LINK_LIFETIME_MS)
    dropOldest(this.links, LINKS_MAX)
    return `${OPEN_PATH}${secret}`
  }

  /** @returns the value of the cookie, or undefined when the link is used up, too old or made up. */
  exchange(path: string): string | undefined {
    const secret = path.slice(OPEN_PATH.length)
    const goodUntil = this.links.get(secret)
    this.links.delete(secret)
    if (goodUntil === undefined || goodUntil < this.ambient.monotonicMs()) return undefined
    const cookie = randomBytes(32).toString('base64url')
    this.browsers.add(cookie)
    dropOldest(this.browsers, BROWSERS_MAX)
    return cookie
  }

  /** Whether the request carries the cookie of a browser that was let in. */
  knows(headers: IncomingHttpHeaders, port: number): boolean {
    // A look-up by 256 random bits tells nothing by its time that could be guessed from.
    return cookiesOf(headers, cookieName(port)).some((cookie) => this.browsers.has(cookie))
  }
}

/** Cookies of all ports of a host are one heap; the name keeps two bridges apart. */
export function cookieName(port: number): string {
  return `sovereign-bridge-${port}`
}

function cookiesOf({ cookie = '' }: IncomingHttpHeaders, name: string): string[] {
  return cookie.split(';').flatMap((pair) => {
    const [key = '', value = ''] = pair.trim().split('=', 2)
    return key === name ? [value] : []
  })
}

function dropOldest(all: Map<string, unknown> | Set<string>, max: number): void {
  for (const key of all.keys()) {
    if (all.size <= max) return
    all.delete(key)
  }
}
