import { BRIDGE_CALLS, type CallName } from '../../shared/bridge-api/calls.ts'
import type { BridgeConnection } from '../../shared/bridge-api/connect-api.ts'
import { openAnswer } from '../../shared/bridge-api/open-answer.ts'
import type { PreloadAnswer, PreloadApi } from '../../shared/bridge-api/preload-api.ts'

/** The preload's object as a connection. It ends with the app and not before. */
export function preloadConnection(preload: PreloadApi): BridgeConnection {
  const names = Object.keys(BRIDGE_CALLS) as CallName[]
  const methods = names.map((name) => {
    const method = preload[name] as (args: unknown) => Promise<PreloadAnswer>
    return [name, async (args: unknown) => openAnswer(name, await method(args))]
  })
  const offs = new Set<() => void>()
  const on: PreloadApi['on'] = (event, listener) => {
    const off = preload.on(event, listener)
    offs.add(off)
    return () => {
      offs.delete(off)
      off()
    }
  }
  const close = (): void => {
    for (const off of offs) off()
    offs.clear()
  }
  const never = new Promise<never>(() => {})
  return { ...Object.fromEntries(methods), on, closed: never, close } as unknown as BridgeConnection
}
