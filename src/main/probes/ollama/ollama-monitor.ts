import { isDeepStrictEqual } from 'node:util'
import { type Failure, toFailure } from '../../../shared/errors/app-error.ts'
import type { Profile } from '../../../shared/settings/schema.ts'
import type { OllamaState } from '../../../shared/state/ollama.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { askOllama, type OllamaFacts } from './ask-ollama.ts'
import { straight } from './ollama-way.ts'
import { SshDoor } from './ssh-door.ts'
import { realSurroundings, type Surroundings } from './surroundings.ts'

const ASK_EVERY_MS = 30_000

type Settings = NonNullable<Profile['ollama']>

/** What is asked, from where; replaced whole when the settings name another. */
interface Subject {
  readonly settings: Settings
  readonly place: string
  readonly door: SshDoor | undefined
}

/** Keeps what is known of the Ollama of the profile current, while the bridge is connected and somebody looks. */
export class OllamaMonitor {
  private readonly core: BridgeCore
  private readonly around: Surroundings
  private readonly stopped = new AbortController()
  private readonly unsubscribes: readonly (() => void)[]
  private readonly timer: NodeJS.Timeout
  private subject: Subject | undefined
  private wanted: string
  private asking: Promise<void> | undefined

  constructor(core: BridgeCore, around: Surroundings = realSurroundings()) {
    this.core = core
    this.around = around
    this.wanted = core.state.wanted
    this.unsubscribes = [core.onSettings(() => this.useSettings()), core.onState(() => this.noteConnecting())]
    this.timer = setInterval(() => this.askIfWorthIt(), ASK_EVERY_MS)
    this.timer.unref()
    this.useSettings()
  }

  /** Asks now, whether or not anybody looks; a question that is on its way is enough. */
  probe(): Promise<void> {
    return this.askOnce({ isWanted: true })
  }

  async close(): Promise<void> {
    this.stopped.abort()
    clearInterval(this.timer)
    for (const unsubscribe of this.unsubscribes) unsubscribe()
    await this.subject?.door?.close()
  }

  private askOnce(options: { readonly isWanted: boolean }): Promise<void> {
    const { subject } = this
    if (subject === undefined || this.stopped.signal.aborted) return Promise.resolve()
    this.asking ??= this.ask(subject, options).finally(() => {
      if (this.subject === subject) this.asking = undefined
    })
    return this.asking
  }

  private useSettings(): void {
    const settings = this.core.profile.ollama
    if (isDeepStrictEqual(settings, this.subject?.settings)) return
    void this.subject?.door?.close()
    this.subject = settings === undefined ? undefined : this.subjectOf(settings)
    this.asking = undefined
    this.publish(
      this.subject === undefined ? { kind: 'off' } : { kind: 'unknown', ...whereabouts(this.subject) },
    )
    this.askIfWorthIt()
  }

  private subjectOf(settings: Settings): Subject {
    const door = settings.via === undefined ? undefined : new SshDoor(this.core, settings.via)
    // Without what may be secret in a URL.
    return { settings, place: new URL(settings.url).host, door }
  }

  private noteConnecting(): void {
    const { wanted } = this.core.state
    if (wanted === this.wanted) return
    this.wanted = wanted
    if (wanted !== 'connected') void this.subject?.door?.close()
    this.askIfWorthIt()
  }

  private askIfWorthIt(): void {
    if (this.core.state.wanted === 'connected' && this.core.isWatched) void this.askOnce({ isWanted: false })
  }

  private async ask(subject: Subject, { isWanted }: { readonly isWanted: boolean }): Promise<void> {
    const { ambient } = this.core
    const startedAt = ambient.monotonicMs()
    const where = whereabouts(subject)
    const state: OllamaState = await this.facts(subject, isWanted).then(
      (facts) => ({
        ...{ kind: 'ok', ...where, at: ambient.now(), roundTripMs: ambient.monotonicMs() - startedAt },
        ...facts,
        notes: isWanted ? facts.notes : [...facts.notes, ...this.keptNotes()],
      }),
      (error: unknown) => ({ kind: 'failing', ...where, at: ambient.now(), cause: toFailure(error) }),
    )
    await subject.door?.leave()
    // The settings may name another one by now.
    if (subject === this.subject && !this.stopped.signal.aborted) this.publish(state)
  }

  /** What only a question of somebody finds out stays true until the next one. */
  private keptNotes(): readonly Failure[] {
    const { ollama } = this.core.state
    return ollama.kind === 'ok' ? ollama.notes.filter(({ code }) => code === 'ollama.signed-out') : []
  }

  private async facts({ door, settings }: Subject, isWanted: boolean): Promise<OllamaFacts> {
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(this.around.answerMs)])
    const way = (await door?.way(signal, { retries: isWanted })) ?? straight(this.around)
    // The account is asked for at ollama.com, which is nothing for a clock to do.
    return askOllama(settings.url, signal, { way, around: this.around, asksAccount: isWanted })
  }

  private publish(ollama: OllamaState): void {
    this.core.update({ ollama })
  }
}

function whereabouts({ door, place }: Subject): { readonly place: string; readonly via?: string } {
  return { place, ...(door === undefined ? {} : { via: door.place }) }
}
