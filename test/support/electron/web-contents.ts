import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type Electron from 'electron'
import { preventable } from './app.ts'
import type { CdpEvent, Chromium } from './chromium.ts'
import { IPC_BINDING, PRELOAD_WORLD, pageSource, preloadSource } from './injection.ts'
import { ipcMain } from './ipc-main.ts'
import type { IpcDelivery, IpcMessage } from './page-worlds.ts'
import { answerOf, fromChromium, standInSession, toChromium } from './session.ts'
import { clone, decode, encode } from './wire.ts'

interface FrameInfo {
  readonly id: string
  readonly parentId?: string
  readonly url: string
  readonly urlFragment?: string
  readonly securityOrigin?: string
}

/** One frame of a page, as `senderFrame` shows it. */
class Frame {
  url = 'about:blank'
  origin = 'null'
  readonly parent: Frame | null

  constructor(parent: Frame | null) {
    this.parent = parent
  }
}

type Params = Record<string, unknown>
type OpenHandler = (details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse

let lastId = 0

/** A page of Chromium, driven as `webContents` drives one of Electron's. */
export class WebContents extends EventEmitter {
  readonly id = ++lastId
  readonly session = standInSession
  readonly mainFrame = new Frame(null)
  private readonly attached = Promise.withResolvers<void>()
  private readonly frames = new Map<string, Frame>()
  private readonly preloadContexts = new Map<number, string>()
  private chromium: Chromium | undefined
  private targetId = ''
  private sessionId = ''
  private openHandler: OpenHandler | undefined
  private isGone = false
  private hasCrashed = false
  /** The navigation that the app itself has asked for. */
  private own: string | undefined

  /** @param preload file of the preload script. */
  async attach(
    chromium: Chromium,
    preload: string | undefined,
    size: { readonly width: number; readonly height: number },
  ): Promise<void> {
    this.chromium = chromium
    const { targetId } = await chromium.send('Target.createTarget', {
      url: 'about:blank',
      newWindow: true,
      ...size,
    })
    this.targetId = String(targetId)
    this.frames.set(this.targetId, this.mainFrame)
    const { sessionId } = await chromium.send('Target.attachToTarget', { targetId, flatten: true })
    this.sessionId = String(sessionId)
    chromium.onEvent(this.sessionId, (event) => this.receive(event))
    chromium.onEvent(undefined, (event) => this.receiveOfBrowser(event))
    const names = { toPage: randomUUID(), toPreload: randomUUID() }
    const addScript = 'Page.addScriptToEvaluateOnNewDocument'
    await Promise.all([
      this.cdp('Page.enable'),
      this.cdp('Page.setLifecycleEventsEnabled', { enabled: true }),
      this.cdp('Runtime.enable'),
      this.cdp('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      this.cdp('Runtime.addBinding', { name: IPC_BINDING, executionContextName: PRELOAD_WORLD }),
      this.cdp(addScript, { source: pageSource(names) }),
      ...(preload === undefined
        ? []
        : [this.addPreload(addScript, preloadSource(names, readFileSync(preload, 'utf8')))]),
      this.setSize(size),
      this.setPermissions(),
    ])
    this.attached.resolve()
  }

  async loadURL(url: string): Promise<void> {
    await this.attached.promise
    if (this.isGone) return
    const address = toChromium(url)
    this.own = address.split('#', 1)[0]
    const loaded = this.nextLoad()
    const { errorText, loaderId } = await this.cdp('Page.navigate', { url: address })
    this.own = undefined
    if (typeof errorText === 'string' && errorText !== '') {
      this.emit('did-fail-load', {}, -2, errorText, url, true)
      throw new Error(`${errorText.replace('net::', '')} (-2) loading '${url}'`)
    }
    // Without a loader the document is the same and there is nothing to wait for.
    if (loaderId !== undefined) await loaded
  }

  reload(): void {
    this.own = toChromium(this.getURL()).split('#', 1)[0]
    this.hasCrashed = false
    void this.cdp('Page.reload').finally(() => {
      this.own = undefined
    })
  }

  getURL(): string {
    return this.mainFrame.url === 'about:blank' ? '' : this.mainFrame.url
  }

  /** Copies the arguments now; a page without a preload hears nothing. */
  send(channel: string, ...args: unknown[]): void {
    this.deliver({ kind: 'event', channel, value: encode(clone(args)) })
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler
  }

  isDestroyed(): boolean {
    return this.isGone
  }

  isCrashed(): boolean {
    return this.hasCrashed
  }

  forcefullyCrashRenderer(): void {
    // A page that has crashed does not answer.
    this.cdp('Page.crash').catch(() => undefined)
  }

  async setSize({ width, height }: { readonly width: number; readonly height: number }): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false }
    await this.cdp('Emulation.setDeviceMetricsOverride', metrics).catch(() => undefined)
  }

  /** Ends the page; tells of it as the last thing. */
  async end(): Promise<void> {
    if (this.isGone) return
    this.isGone = true
    this.emit('destroyed')
    await this.chromium?.send('Target.closeTarget', { targetId: this.targetId }).catch(() => undefined)
  }

  private async addPreload(method: string, source: string): Promise<void> {
    await this.cdp(method, { source, worldName: PRELOAD_WORLD })
  }

  private async setPermissions(): Promise<void> {
    for (const [name, isGranted] of await this.session.permissions(this as never)) {
      const setting = isGranted ? 'granted' : 'denied'
      await this.chromium?.send('Browser.setPermission', { permission: { name }, setting })
    }
  }

  private cdp(method: string, params: Params = {}): Promise<Params> {
    if (this.chromium === undefined) return Promise.reject(new Error('There is no page yet.'))
    return this.chromium.send(method, params, this.sessionId)
  }

  private nextLoad(): Promise<void> {
    return new Promise((resolve) => {
      this.once('did-finish-load', resolve)
      this.once('destroyed', resolve)
    })
  }

  private receive({ method, params }: CdpEvent): void {
    const handlers: Readonly<Record<string, (params: never) => void>> = {
      'Page.frameNavigated': ({ frame }: { frame: FrameInfo }) => this.navigated(frame),
      'Page.navigatedWithinDocument': ({ frameId, url }: { frameId: string; url: string }) => {
        const frame = this.frames.get(frameId)
        if (frame !== undefined) frame.url = fromChromium(url)
      },
      'Page.frameDetached': ({ frameId }: { frameId: string }) => void this.frames.delete(frameId),
      'Page.lifecycleEvent': ({ frameId, name }: { frameId: string; name: string }) => {
        if (frameId === this.targetId && this.getURL() !== '') this.lived(name)
      },
      'Page.windowOpen': ({ url, windowName }: { url: string; windowName: string }) =>
        this.askedToOpen(url, windowName),
      'Runtime.executionContextCreated': ({ context }: { context: ContextInfo }) => {
        if (context.name === PRELOAD_WORLD) this.preloadContexts.set(context.id, context.auxData.frameId)
      },
      'Runtime.executionContextDestroyed': ({ executionContextId }: { executionContextId: number }) =>
        void this.preloadContexts.delete(executionContextId),
      'Runtime.executionContextsCleared': () => this.preloadContexts.clear(),
      'Runtime.exceptionThrown': ({ exceptionDetails }: { exceptionDetails: ExceptionInfo }) =>
        console.error('In a page:', exceptionDetails.exception?.description ?? exceptionDetails.text),
      'Runtime.bindingCalled': ({
        payload,
        executionContextId,
      }: {
        payload: string
        executionContextId: number
      }) => void this.called(JSON.parse(payload) as IpcMessage, executionContextId),
      'Fetch.requestPaused': (paused: PausedRequest) => void this.answer(paused).catch(() => undefined),
      'Inspector.targetCrashed': () => this.crashed(),
    }
    handlers[method]?.(params as never)
  }

  private receiveOfBrowser({ method, params }: CdpEvent): void {
    if (method === 'Target.targetDestroyed' && params.targetId === this.targetId) this.emit('stand-in-closed')
    if (method !== 'Target.targetCreated') return
    // What a link has opened all the same.
    const { targetId, openerId } = params.targetInfo as { targetId: string; openerId?: string }
    if (openerId === this.targetId) void this.chromium?.send('Target.closeTarget', { targetId })
  }

  private navigated({ id, parentId, url, urlFragment = '', securityOrigin }: FrameInfo): void {
    const parent = parentId === undefined ? null : (this.frames.get(parentId) ?? null)
    const frame = this.frames.get(id) ?? new Frame(parent)
    this.frames.set(id, frame)
    frame.url = fromChromium(url + urlFragment)
    frame.origin =
      securityOrigin === undefined || securityOrigin === '://' ? 'null' : fromChromium(securityOrigin)
    if (frame === this.mainFrame) this.emit('did-navigate', {}, frame.url, 200, 'OK')
  }

  private lived(name: string): void {
    if (name === 'DOMContentLoaded') this.emit('dom-ready', {})
    if (name === 'load') this.emit('did-finish-load')
    if (name === 'firstPaint') this.emit('stand-in-painted')
  }

  private askedToOpen(url: string, frameName: string): void {
    const details = { url: fromChromium(url), frameName } as Electron.HandlerDetails
    if (this.openHandler?.(details).action !== 'deny')
      throw new Error('The stand-in opens no windows for pages.')
  }

  private crashed(): void {
    this.hasCrashed = true
    this.preloadContexts.clear()
    this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
  }

  private async called({ kind, id, channel, args }: IpcMessage, contextId: number): Promise<void> {
    const senderFrame = this.frames.get(this.preloadContexts.get(contextId) ?? '') ?? null
    const event = { sender: this, senderFrame, type: 'frame', processId: 0, frameId: 0 } as never
    const values = decode(args) as unknown[]
    if (kind === 'send') {
      ipcMain.emit(channel, event, ...values)
      return
    }
    try {
      this.deliver({
        kind: 'answer',
        id,
        ok: true,
        value: encode(await ipcMain.invoke(event, channel, values)),
      })
    } catch (error) {
      this.deliver({ kind: 'answer', id, ok: false, value: encode(error) })
    }
  }

  private deliver(delivery: IpcDelivery): void {
    const contexts = [...this.preloadContexts].find(([, frameId]) => frameId === this.targetId)
    if (contexts === undefined) return
    const expression = `standInDeliver(${JSON.stringify(delivery)})`
    // The document may be gone by the time this arrives, as it may be in Electron.
    this.cdp('Runtime.evaluate', { expression, contextId: contexts[0] }).catch(() => undefined)
  }

  private async answer({ requestId, request, resourceType, frameId }: PausedRequest): Promise<void> {
    const url = fromChromium(request.url)
    const isOwn = request.url.split('#', 1)[0] === this.own
    const fail = (errorReason: string): Promise<Params> =>
      this.cdp('Fetch.failRequest', { requestId, errorReason })
    if (resourceType === 'Document' && !isOwn && this.isPrevented(url, frameId))
      return void (await fail('Aborted'))
    if (await this.session.isCancelled(url, request.method)) return void (await fail('BlockedByClient'))
    const response = url === request.url ? undefined : await answerOf(url)
    if (response === undefined) return void (await this.cdp('Fetch.continueRequest', { requestId }))
    await this.cdp('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    })
  }

  /** A navigation that the page wants; the app's own are not asked about. */
  private isPrevented(url: string, frameId: string): boolean {
    const isMainFrame = frameId === this.targetId
    const events = isMainFrame ? ['will-frame-navigate', 'will-navigate'] : ['will-frame-navigate']
    return events.some((name) => {
      const event = preventable({ url, isMainFrame, isSameDocument: false })
      this.emit(name, event, url)
      return event.defaultPrevented
    })
  }
}

interface ContextInfo {
  readonly id: number
  readonly name: string
  readonly auxData: { readonly frameId: string }
}

interface ExceptionInfo {
  readonly text: string
  readonly exception?: { readonly description?: string }
}

interface PausedRequest {
  readonly requestId: string
  readonly request: { readonly url: string; readonly method: string }
  readonly resourceType: string
  readonly frameId: string
}

WebContents satisfies new () => Pick<
  Electron.WebContents,
  | 'id'
  | 'loadURL'
  | 'reload'
  | 'getURL'
  | 'send'
  | 'setWindowOpenHandler'
  | 'isDestroyed'
  | 'isCrashed'
  | 'forcefullyCrashRenderer'
>
