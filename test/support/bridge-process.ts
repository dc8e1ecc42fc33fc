import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'

export interface BridgeProcessOptions {
  /** Where its settings, its relay and its runtime folder are; the next one with the same folder goes on there. */
  readonly dir: string
  /** As in the settings file. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  /** What runs `sovereign`; Node unless told. */
  readonly command?: readonly string[]
}

/** The real `sovereign bridge` as its own process. */
export interface BridgeProcess {
  readonly process: SovereignProcess
  /** Another command of the same user, such as `disconnect`. @returns its exit code or signal. */
  command(...args: string[]): Promise<number | NodeJS.Signals>
  /** The newest state that fits, once there is one. */
  state(fits: (state: BridgeState) => boolean, what: string): Promise<BridgeState>
}

export async function startBridgeProcess(options: BridgeProcessOptions): Promise<BridgeProcess> {
  const { dir, settings } = options
  const settingsFile = join(dir, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings))
  const run = join(dir, 'run')
  await mkdir(run, { mode: 0o700, recursive: true })
  const env = {
    HOME: dir,
    SOVEREIGN_RUNTIME_DIR: run,
    SOVEREIGN_DATA_DIR: join(dir, 'relay'),
    CONFIG_PATH: join(dir, 'relay/config.json'),
    ...options.env,
  }
  const bridge = runSovereign(['bridge', '--config', settingsFile, '--json'], env, options.command)
  await bridge.line(stateIn, 'the first state')
  return {
    process: bridge,
    command: (...args) => runSovereign(args, env).finished,
    state: async (fits, what) => {
      const newest = bridge.newest(stateIn)
      if (newest !== undefined && fits(newest)) return newest
      return bridge.line(
        (line) => {
          const state = stateIn(line)
          return state !== undefined && fits(state) ? state : undefined
        },
        what,
        { from: bridge.mark() },
      )
    },
  }
}

export const isListening = ({ agent }: BridgeState): boolean => agent.phase === 'listening'

function stateIn(line: string): BridgeState | undefined {
  if (!line.startsWith('{"event":"state"')) return undefined
  return (JSON.parse(line) as { payload: BridgeState }).payload
}
