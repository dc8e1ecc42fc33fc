import { z } from 'zod'
import { AppError } from '../../shared/errors/app-error.ts'
import { LINK_PATH } from './api-protocol.ts'
import { infoFilePath, readInfoFile } from './info-file.ts'
import { bridgeRuntimeDir } from './runtime-dir.ts'

export interface LinkOptions {
  /** Of the bridge, when it is not the usual one of this user. */
  readonly infoFile?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

const ANSWER_WITHIN_MS = 5_000
const linkSchema = z.object({ url: z.url().nullable() })

/**
 * A new one-time link to the dashboard of the running bridge.
 *
 * @throws AppError `bridge.not-running`, `bridge.info-unusable`, `bridge.connection-ended` or `api.not-found`.
 */
export async function dashboardLinkOf({ infoFile, env = process.env }: LinkOptions = {}): Promise<string> {
  const path = infoFile ?? infoFilePath(bridgeRuntimeDir(env))
  const info = await readInfoFile(path)
  if (info === undefined)
    throw new AppError('bridge.not-running', `No bridge runs for this user: there is no ${path}.`)
  const url = linkSchema.safeParse(await post(info.url, info.token)).data?.url
  if (url !== undefined && url !== null) return url
  throw new AppError('api.not-found', 'The running bridge serves no dashboard.', {
    remedy: 'In a checkout, run "npm run build" and start the bridge again.',
  })
}

async function post(apiUrl: string, token: string): Promise<unknown> {
  const { host } = new URL(apiUrl)
  try {
    const answer = await fetch(`http://${host}${LINK_PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    return answer.ok ? await answer.json() : undefined
  } catch (cause) {
    throw new AppError('bridge.not-running', `No bridge answers at ${host}.`, { cause })
  }
}
