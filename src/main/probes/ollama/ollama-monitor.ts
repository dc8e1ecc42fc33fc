import { toFailure } from '../../../shared/errors/app-error.ts'
import type { OllamaState } from '../../../shared/state/ollama.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { askOllama } from './ask-ollama.ts'

const ASK_EVERY_MS = 30_000
/** A server that loads a model answers late. */
const ANSWER_WITHIN_MS = 10_000

/** Keeps what is known of the Ollama of the profile current, while the bridge is connected and somebody looks. */
export class OllamaMonitor {
  private readonly core: BridgeCore
  private readonly stopped = new AbortController()
  private readonly unsubscribes: readonly (() => void)[]
  private readonly timer: NodeJS.Timeout
  private url: string | undefined
  private wanted: string
  private asking: Promise<void> | undefined

  constructor(core: BridgeCore) {
    this.core = core
    this.wanted = core.state.wanted
    this.unsubscribes = [core.onSettings(() => this.useSettings()), core.onState(() => this.noteConnecting())]
    this.timer = setInterval(() => this.askIfWorthIt(), ASK_EVERY_MS)
    this.timer.unref()
    this.useSettings()
  }

  /** Asks now, whether or not anybody looks; a question that is on its way is enough. */
  probe(): Promise<void> {
    const { url } = this
    if (url === undefined || this.stopped.signal.aborted) return Promise.resolve()
    this.asking ??= this.ask(url).finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  close(): void {
    this.stopped.abort()
    clearInterval(this.timer)
    for (const unsubscribe of this.unsubscribes) unsubscribe()
  }

  private useSettings(): void {
    const url = this.core.profile.ollama?.url
    if (url === this.url) return
    this.url = url
    this.asking = undefined
    this.publish(url === undefined ? { kind: 'off' } : { kind: 'unknown', place: placeOf(url) })
    this.askIfWorthIt()
  }

  private noteConnecting(): void {
    const { wanted } = this.core.state
    if (wanted === this.wanted) return
    this.wanted = wanted
    this.askIfWorthIt()
  }

  private askIfWorthIt(): void {
    if (this.core.state.wanted === 'connected' && this.core.isWatched) void this.probe()
  }

  private async ask(url: string): Promise<void> {
    const { ambient } = this.core
    const startedAt = ambient.monotonicMs()
    const place = placeOf(url)
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
    const state: OllamaState = await askOllama(url, signal).then(
      (facts) => ({
        kind: 'ok',
        place,
        at: ambient.now(),
        roundTripMs: ambient.monotonicMs() - startedAt,
        ...facts,
      }),
      (error: unknown) => ({ kind: 'failing', place, at: ambient.now(), cause: toFailure(error) }),
    )
    // The settings may name another one by now.
    if (url === this.url && !this.stopped.signal.aborted) this.publish(state)
  }

  private publish(ollama: OllamaState): void {
    this.core.update({ ollama })
  }
}

/** Without what may be secret in a URL. */
function placeOf(url: string): string {
  return new URL(url).host
}
