import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { AppError } from '../../shared/errors/app-error.ts'
import {
  addClientSchema,
  type ClientList,
  type NewToken,
  requireSchema,
} from '../../shared/protocol/clients.ts'
import type { Route } from '../server/route.ts'

/** What the admin routes can do. A change is on disk when the promise is kept; a failed one changes nothing. */
export interface ClientAdministration {
  list(): ClientList
  add(name: string): Promise<NewToken>
  revoke(name: string): Promise<void>
  setRequired(required: boolean): Promise<void>
  makeAdminToken(): Promise<NewToken>
  dropAdminToken(): Promise<void>
}

const BODY_MAX_BYTES = 16_384

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
        const { name } = await readJson(request, addClientSchema)
        sendJson(response, 201, await clients.add(name))
      },
    },
    {
      method: 'POST',
      path: '/admin/clients/require',
      access: 'admin',
      handle: async ({ request, response }) => {
        const { required } = await readJson(request, requireSchema)
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

async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_MAX_BYTES) {
      throw new AppError('clients.request-invalid', `The body is larger than ${BODY_MAX_BYTES} bytes.`)
    }
    chunks.push(chunk)
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new AppError('clients.request-invalid', 'The body is not JSON.')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError(
    'clients.request-invalid',
    `The body does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  )
}

/** Answers with a token or a list of names, neither of which any cache may keep. */
function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
