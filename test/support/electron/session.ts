import { EventEmitter } from 'node:events'
import type Electron from 'electron'
import { app } from './app.ts'

type Handler = Parameters<typeof Electron.protocol.handle>[1]
type BeforeRequest = (
  details: Electron.OnBeforeRequestListenerDetails,
  callback: (response: Electron.CallbackResponse) => void,
) => void
type PermissionRequest = Parameters<Electron.Session['setPermissionRequestHandler']>[0]
type PermissionCheck = Parameters<Electron.Session['setPermissionCheckHandler']>[0]

const handlers = new Map<string, Handler>()
const privileged = new Set<string>()

export const protocol = {
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]) {
    if (app.isReady())
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    for (const { scheme, privileges } of schemes) if (privileges?.standard === true) privileged.add(scheme)
  },
  handle(scheme: string, handler: Handler) {
    if (!app.isReady()) throw new Error('protocol.handle can only be used once the app is ready')
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    handlers.set(scheme, handler)
  },
} satisfies Pick<typeof Electron.protocol, 'registerSchemesAsPrivileged' | 'handle'>

/**
 * Chromium takes no new schemes from outside, so `app://name/` is `https://name.app.invalid/` within it. Both are
 * standard and secure, with an origin of their own; page addresses are translated wherever the app sees one.
 */
export function toChromium(url: string): string {
  return url.replace(
    /^(blob:)?([a-z]+):\/\/([a-z-]+)(?=\/|$)/,
    (whole, blob: string | undefined, scheme, host) =>
      privileged.has(String(scheme)) ? `${blob ?? ''}https://${host}.${scheme}.invalid` : whole,
  )
}

export function fromChromium(url: string): string {
  return url.replace(/^(blob:)?https:\/\/([a-z-]+)\.([a-z]+)\.invalid(?=\/|$)/, '$1$3://$2')
}

/** @returns undefined for what goes to the network. */
export async function answerOf(url: string): Promise<Response | undefined> {
  const handler = handlers.get(new URL(url).protocol.slice(0, -1))
  return handler === undefined ? undefined : ((await handler(new Request(url) as never)) as Response)
}

/** Electron's names on the left; those of Chromium's own settings on the right. */
const PERMISSIONS = [
  ['geolocation', 'geolocation'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['notifications', 'notifications'],
  ['midi', 'midi'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
] as const

class StandInSession extends EventEmitter {
  readonly protocol = protocol
  private beforeRequest: BeforeRequest = (_details, callback) => callback({})
  private permissionRequest: PermissionRequest = null
  private permissionCheck: PermissionCheck = null
  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest | null) => {
      this.beforeRequest = listener ?? ((_details, callback) => callback({}))
    },
  }

  setPermissionRequestHandler(handler: PermissionRequest): void {
    this.permissionRequest = handler
  }

  setPermissionCheckHandler(handler: PermissionCheck): void {
    this.permissionCheck = handler
  }

  setDevicePermissionHandler(_handler: ((details: never) => boolean) | null): void {
    // Headless Chromium has no devices to hand out.
  }

  isCancelled(url: string, method: string): Promise<boolean> {
    const details = { url, method } as Electron.OnBeforeRequestListenerDetails
    return new Promise((resolve) => this.beforeRequest(details, ({ cancel }) => resolve(cancel === true)))
  }

  /** What a page gets without any question to a person; Electron grants whatever nobody handles. */
  async permissions(contents: Electron.WebContents): Promise<readonly (readonly [string, boolean])[]> {
    const asked = PERMISSIONS.map(async ([name, inChromium]) => {
      const isGranted = await this.isGranted(contents, name)
      return [inChromium, isGranted] as const
    })
    return Promise.all(asked)
  }

  private isGranted(contents: Electron.WebContents, name: (typeof PERMISSIONS)[number][0]): Promise<boolean> {
    const [check, request] = [this.permissionCheck, this.permissionRequest]
    if (check?.(contents, name, '', {} as never) === false) return Promise.resolve(false)
    return new Promise((resolve) => {
      if (request === null) resolve(true)
      else request(contents, name, resolve, {} as never)
    })
  }
}

const defaultSession = new StandInSession() satisfies Pick<
  Electron.Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler'
>
export const standInSession = defaultSession
export const session = { defaultSession }
