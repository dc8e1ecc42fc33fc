import type { Dispatcher } from 'undici'
import type { BackToClient } from './back-to-client.ts'
import type { Lane } from './lane.ts'

type Controller = Dispatcher.DispatchController

const ABORTED = new Error('The client is gone.')

export interface LightExchangeEvents {
  /** The answer is complete, and the lane is free for the next request. */
  onDone(): void
  /** @param isUntouched whether not one byte of an answer came. */
  onFailure(error: unknown, isUntouched: boolean): void
}

/** A request without a body, and its answer, on a lane. Late events after `abort` are ignored. */
export class LightExchange implements Dispatcher.DispatchHandler {
  private readonly back: BackToClient
  private readonly events: LightExchangeEvents
  private controller: Controller | undefined
  private isUntouched = true
  private isOver = false
  private readonly resume = (): void => this.controller?.resume()

  constructor(back: BackToClient, events: LightExchangeEvents) {
    this.back = back
    this.events = events
  }

  /** @param answered see {@link Lane.send}. */
  start(lane: Lane, request: Dispatcher.DispatchOptions, answered?: Buffer): void {
    this.back.response.on('drain', this.resume)
    lane.send(request, this, () => this.back.interim(100, 'Continue', []), answered)
  }

  /** Cuts the connection to the host. */
  abort(): void {
    if (this.isOver) return
    this.isOver = true
    this.controller?.abort(ABORTED)
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller
    if (this.isOver) controller.abort(ABORTED)
  }

  onResponseStarted(): void {
    this.isUntouched = false
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, reason = ''): void {
    if (this.isOver) return
    const raw = (controller.rawHeaders ?? []) as Buffer[]
    if (status < 200) this.back.interim(status, reason, raw)
    else this.back.begin(status, reason, raw)
  }

  onResponseData(controller: Controller, bytes: Buffer): void {
    if (!this.isOver && !this.back.body(bytes)) controller.pause()
  }

  onResponseEnd(controller: Controller): void {
    if (!this.finish()) return
    this.back.end((controller.rawTrailers ?? []) as Buffer[])
    this.events.onDone()
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.finish()) this.events.onFailure(error, this.isUntouched)
  }

  private finish(): boolean {
    if (this.isOver) return false
    this.isOver = true
    this.back.response.off('drain', this.resume)
    return true
  }
}
