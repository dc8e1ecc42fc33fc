import { isAbsolute } from 'node:path'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ControlSettings } from '../../shared/settings/egress.ts'
import type { ControlPlane, ServerAddress } from './control-plane.ts'
import { type OwnedProcess, startOwned } from './owned-process.ts'
import { type Probe, tcpProbe } from './probe.ts'

export type ProcessSettings = Extract<ControlSettings, { readonly kind: 'process' }>

export interface ProcessControlOptions {
  readonly ambient: Ambient
  readonly server: ServerAddress
  readonly probe?: Probe
  /** How long the program has to end by itself before it is killed. */
  readonly graceMs?: number
}

const GRACE_MS = 5_000

/** A program of this machine that is the server, for development and for trying things out. */
export function processControl(settings: ProcessSettings, options: ProcessControlOptions): ControlPlane {
  const { ambient, server, probe = tcpProbe, graceMs = GRACE_MS } = options
  const [program = ''] = settings.command
  let current: { readonly started: Promise<OwnedProcess>; readonly since: number } | undefined
  let isClosed = false
  const end = async (): Promise<void> => {
    const ending = current
    current = undefined
    // What did not start has nothing to be ended.
    const owned = await ending?.started.catch(() => undefined)
    await owned?.end()
  }
  return {
    kind: 'process',
    price: undefined,
    wake: async (_, signal) => {
      signal.throwIfAborted()
      if (isClosed) throw new AppError('control.failed', 'The bridge is disconnecting.')
      const running = await current?.started.catch(() => undefined)
      if (running?.ended === undefined && running !== undefined) return
      current = { started: startOwned(settings.command, graceMs), since: ambient.now() }
      try {
        await current.started
      } catch (cause) {
        throw new AppError('control.failed', `${program} could not be started.`, { cause })
      }
    },
    query: async (signal) => {
      const owned = await current?.started.catch(() => undefined)
      if (owned === undefined) return report('stopped', undefined, 'It does not run.')
      if (owned.ended !== undefined) throw endedByItself(program, owned)
      const isUp = await probe(server, signal)
      const message = isUp ? 'It answers.' : `${program} runs; nothing answers at port ${server.port} yet.`
      return report(isUp ? 'running' : 'activating', isUp ? server : undefined, message, current?.since)
    },
    kill: async (_, signal) => {
      signal.throwIfAborted()
      await end()
      return { kind: 'stopped' }
    },
    close: async () => {
      isClosed = true
      await end()
    },
  }
}

function report(
  stage: 'stopped' | 'activating' | 'running',
  address: ServerAddress | undefined,
  message: string,
  startedAt?: number,
) {
  return { stage, address, message, startedAt, stopsAt: undefined }
}

function endedByItself(program: string, owned: OwnedProcess): AppError {
  const words = owned.lastWords()
  const said = words === '' ? '' : `: ${words}`
  return new AppError('control.failed', `${program} ended with status ${owned.ended}${said}`, {
    remedy: isAbsolute(program)
      ? 'Run the command of the tunnel in a terminal to see what it says.'
      : 'Name the program with its whole path, and run the command in a terminal to see what it says.',
  })
}
