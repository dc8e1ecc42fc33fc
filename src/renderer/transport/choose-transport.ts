import { PRELOAD_KEY, type PreloadApi } from '../../shared/bridge-api/preload-api.ts'
import { preloadConnection } from './preload-connection.ts'
import { socketTransport } from './socket-transport.ts'
import type { Transport } from './transport.ts'

declare global {
  interface Window {
    readonly [PRELOAD_KEY]?: PreloadApi
  }
}

/** The preload's object in a window of the app; else a WebSocket to the server of this page. */
export function chooseTransport(page: Window): Transport {
  const preload = page[PRELOAD_KEY]
  if (preload === undefined) return socketTransport(page.location.origin)
  return {
    kind: 'desktop',
    open: () => preloadConnection(preload),
    reason: async () => undefined,
  }
}
