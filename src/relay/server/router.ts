import { AppError } from '../../shared/errors/app-error.ts'
import type { Route } from './route.ts'

/** Finds the route for a request: exact paths first, then the longest prefix. */
export class Router {
  private readonly exact = new Map<string, Route[]>()
  private readonly prefixes: { readonly prefix: string; readonly routes: Route[] }[] = []

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.path.endsWith('/*')) this.prefixRoutes(route.path.slice(0, -1)).push(route)
      else this.exact.set(route.path, [...(this.exact.get(route.path) ?? []), route])
    }
    this.prefixes.sort((left, right) => right.prefix.length - left.prefix.length)
  }

  /** @throws AppError `relay.not-found`, or {@link MethodNotAllowed} when only the method is wrong. */
  find(method: string, pathname: string): Route {
    const candidates = [
      ...(this.exact.get(pathname) ?? []),
      ...this.prefixes.filter(({ prefix }) => pathname.startsWith(prefix)).flatMap(({ routes }) => routes),
    ]
    if (candidates.length === 0)
      throw new AppError('relay.not-found', `There is nothing under ${shown(pathname)}.`)
    const asked = method === 'HEAD' ? 'GET' : method
    const route = candidates.find((candidate) => candidate.method === asked || candidate.method === 'ANY')
    if (route !== undefined) return route
    throw new MethodNotAllowed(method, pathname, [
      ...new Set(candidates.map((candidate) => candidate.method)),
    ])
  }

  private prefixRoutes(prefix: string): Route[] {
    const known = this.prefixes.find((entry) => entry.prefix === prefix)
    if (known !== undefined) return known.routes
    const entry = { prefix, routes: [] }
    this.prefixes.push(entry)
    return entry.routes
  }
}

export class MethodNotAllowed extends AppError {
  readonly allowed: string

  constructor(method: string, pathname: string, allowed: readonly string[]) {
    super('relay.method-not-allowed', `${shown(pathname)} does not take ${method}.`)
    this.allowed = allowed.join(', ')
  }
}

function shown(pathname: string): string {
  return pathname.slice(0, 200)
}
