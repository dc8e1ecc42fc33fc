import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../src/main/api/api-server.ts'
import { createLogger } from '../../src/node/log.ts'
import { type FakeBridgeApi, fakeBridgeApi } from './fake-bridge-api.ts'
import { makeTempDir } from './make-temp-dir.ts'

export interface ApiHome {
  /** Runtime folders are in it; it goes with the test. */
  readonly dir: string
  readonly bridge: FakeBridgeApi
  /** A server for the folder `run`, closed with the test. */
  start(options?: Partial<ApiServerOptions>): Promise<ApiServer>
}

/** A bridge that a test plays, and a place for servers through which its faces reach it. */
export async function makeApiHome(): Promise<ApiHome> {
  const dir = await makeTempDir('bridge-api-')
  const bridge = fakeBridgeApi()
  const log = createLogger('test', 'silent')
  return {
    dir,
    bridge,
    start: async (options) => {
      const server = await startApiServer({ api: bridge, runtimeDir: join(dir, 'run'), log, ...options })
      onTestFinished(() => server.close())
      return server
    },
  }
}
