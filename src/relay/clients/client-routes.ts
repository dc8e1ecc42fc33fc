import type { ServerResponse } from 'node:http'
import {
  addClientSchema,
  type ClientList,
  type NewToken,
  requireSchema,
} from '../../shared/protocol/clients.ts'
import type { Route } from '../server/route.ts'
import { readAdminBody } from './admin-body.ts'

/** What the admin routes can do. A change is on disk when the promise is kept; a failed one changes nothing. */
export interface ClientAdministration {
  list(): ClientList
  add(name: string): Promise<NewToken>
  revoke(name: string): Promise<void>
  setRequired(required: boolean): Promise<void>
  makeAdminToken(): Promise<NewToken>
  dropAdminToken(): Promise<void>
}

/** The admin routes; expected failures are thrown as AppError for the server to answer with. */
export function clientRoutes(clients: ClientAdministration): Route[] {
  return [
    {
      method: 'GET',
      path: '/admin/clients',
      access: 'admin',
      handle: async ({ response }) => sendJson(response, 200, clients.list()),
    },
    {
      method: 'POST',
      path: '/admin/clients',
      access: 'admin',
      handle: async ({ request, response }) => {
        const { name } = await readAdminBody(request, addClientSchema)
        sendJson(response, 201, await clients.add(name))
      },
    },
    {
      method: 'POST',
      path: '/admin/clients/require',
      access: 'admin',
      handle: async ({ request, response }) => {
        const { required } = await readAdminBody(request, requireSchema)
        await clients.setRequired(required)
        sendJson(response, 200, clients.list())
      },
    },
    {
      method: 'DELETE',
      path: '/admin/clients/*',
      access: 'admin',
      handle: async ({ response, url }) => {
        await clients.revoke(nameIn(url.pathname))
        sendJson(response, 200, clients.list())
      },
    },
    {
      method: 'POST',
      path: '/admin/token',
      access: 'admin',
      handle: async ({ response }) => sendJson(response, 201, await clients.makeAdminToken()),
    },
    {
      method: 'DELETE',
      path: '/admin/token',
      access: 'admin',
      handle: async ({ response }) => {
        await clients.dropAdminToken()
        sendJson(response, 200, clients.list())
      },
    },
  ]
}

function nameIn(pathname: string): string {
  const name = pathname.slice('/admin/clients/'.length)
  try {
    return decodeURIComponent(name)
  } catch {
    // Not percent-encoded properly: then it is no client's name either, and is reported as such.
    return name
  }
}

/** Answers with a token or a list of names, neither of which any cache may keep. */
function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
