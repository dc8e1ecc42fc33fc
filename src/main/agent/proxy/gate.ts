import { hostname } from 'node:os'
import { isOwnListener, type OwnListener } from '../../../node/address-policy/own-listener.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Egress, EgressTarget } from '../../egress/egress.ts'
import { createPasswordCheck, type PasswordCheck } from './password.ts'
import type { ReadRequest } from './plain/request.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'

const LOOPBACK = '127.0.0.1'

/** Decides whether a request may pass, before anything is connected. Every refusal is an AppError. */
export class Gate {
  /** What this proxy calls itself in Via; not the same twice, so that two of them are told apart. */
  readonly pseudonym: string
  private readonly options: ProxyOptions
  private readonly password: PasswordCheck | undefined
  private readonly connectPorts: ReadonlySet<number>

  constructor(options: ProxyOptions) {
    this.options = options
    this.pseudonym = `sovereign-bridge-${Math.floor(options.ambient.random() * 0xffff_ffff).toString(16)}`
    this.password = options.password === undefined ? undefined : createPasswordCheck(options.password)
    this.connectPorts = new Set(options.connectPorts)
  }

  /** @throws AppError `proxy.password-needed`, `proxy.bad-request`, `proxy.loop`. */
  admit(request: Omit<ReadRequest, 'url'>): RequestHead {
    const head = readRequestHead(request, this.pseudonym)
    if (this.password?.isRight(request.headers['proxy-authorization']) === false)
      throw new AppError('proxy.password-needed', 'The proxy asks for a user and a password.')
    return head
  }

  /** @throws AppError `proxy.port-denied`. */
  admitConnect({ port }: EgressTarget): void {
    if (!this.connectPorts.has(port))
      throw new AppError('proxy.port-denied', `CONNECT to port ${port} is not allowed.`)
  }

  /** @throws AppError `egress.denied`, `proxy.loop`. */
  wayTo({ host, port }: EgressTarget): Egress {
    // Known without a look-up, whichever way it would go; the direct way also looks at what a name resolves to.
    if (this.options.ownListeners().some((own) => leadsTo(own, host, port)))
      throw new AppError('proxy.loop', `The proxy was asked to go to itself, at port ${port}.`)
    const way = this.options.choose(host, port)
    if (way === 'deny')
      throw new AppError('egress.denied', `A rule of the settings keeps the proxy from ${host}.`, {
        remedy: 'If it should be reached, change the rule in "egress.rules".',
      })
    return way
  }
}

function leadsTo(own: OwnListener, host: string, port: number): boolean {
  if (own.port !== port) return false
  return isOwnName(host)
    ? isOwnListener(own, LOOPBACK, port)
    : isAddress(host) && isOwnListener(own, host, port)
}

/** Names of loopback mean this machine (RFC 6761 §6.3), although a tunnel would look them up at its other end. */
function isOwnName(host: string): boolean {
  return /(?:^|\.)localhost$/.test(host) || host === hostname().toLowerCase()
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}
