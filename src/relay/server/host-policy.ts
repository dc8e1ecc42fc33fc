import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { guardRequest } from '../../node/http-guard.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { BASE_HOST_HEADER } from '../../shared/protocol/base-host.ts'

/** Under which names this relay may be called; by loopback names always. */
export interface HostPolicy {
  readonly allowedHosts: ReadonlySet<string>
  /** Whether addresses other than loopback may stand in the Host header; names never may by that. */
  readonly allowsAddresses: boolean
  /** Whether this is a name in our own certificate. */
  readonly ownsName: (name: string) => boolean
}

/** @throws AppError `relay.foreign-request` for what a web page could have sent. */
export function checkHosts(headers: IncomingHttpHeaders, policy: HostPolicy): void {
  const base = headers[BASE_HOST_HEADER]
  // Only a page that was served under a name of ours can have set it; both have to be ours.
  checkHost({ host: headers.host }, policy)
  if (typeof base === 'string') checkHost({ ...headers, host: base }, { ...policy, ...LOCAL_NAMES })
  else checkHost(headers, policy)
}

const LOCAL_NAMES: Partial<HostPolicy> = { allowsAddresses: false, ownsName: () => false }

function checkHost(headers: IncomingHttpHeaders, policy: HostPolicy): void {
  const name = headers.host?.toLowerCase().replace(/:\d*$/, '') ?? ''
  // A page cannot make a browser put an address there that it does not come from, nor a name that it does not have.
  const isOurs = (policy.allowsAddresses && isIP(name.replace(/^\[|\]$/g, '')) !== 0) || policy.ownsName(name)
  const allowed = isOurs ? new Set([...policy.allowedHosts, name]) : policy.allowedHosts
  const verdict = guardRequest(headers, allowed)
  if (verdict === 'ok') return
  if (verdict === 'foreign-origin')
    throw new AppError('relay.foreign-request', 'A web page sent this, and the relay serves none.', {
      remedy: 'Send it from a program that is no page in a browser.',
    })
  throw new AppError(
    'relay.foreign-request',
    `The Host header names "${name.slice(0, 80)}", which is not this relay.`,
  )
}
