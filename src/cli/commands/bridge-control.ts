import { once } from 'node:events'
import { Command } from 'commander'
import type { BridgeConnection } from '../../shared/bridge-api/connect-api.ts'
import { watchState } from '../../shared/bridge-api/watch-state.ts'
import { fromFailure } from '../../shared/errors/app-error.ts'
import type { BridgeState, ListenerState } from '../../shared/state/bridge-state.ts'
import { type BridgeOptions, withBridge, withBridgeOptions } from '../bridge-connection.ts'
import { bridgeLines } from '../bridge-text.ts'
import { ownName } from '../own-name.ts'
import { portArgument } from '../port-argument.ts'
import { promptsCommand } from './bridge-prompts.ts'
import { bridgeSwitches } from './bridge-switches.ts'

interface StatusOptions extends BridgeOptions {
  readonly json?: boolean
  readonly watch?: boolean
}

/** What a second terminal can do with the running bridge; failures are thrown as AppError. */
export function bridgeControlCommands(): Command[] {
  return [
    statusCommand(),
    connectCommand(),
    disconnectCommand(),
    retryCommand(),
    usePortCommand(),
    promptsCommand(),
    ...bridgeSwitches(),
  ]
}

export function statusCommand(): Command {
  return withBridgeOptions(new Command('status'))
    .description('show what the running bridge does')
    .option('--json', 'for machines; with --watch one line per change')
    .option('--watch', 'keep showing it until Ctrl-C')
    .action((options: StatusOptions) =>
      withBridge(options, async (bridge) => {
        if (options.watch) await (options.json ? streamStates(bridge) : showStates(bridge))
        else print(await bridge.getState({}), options.json)
      }),
    )
}

export function connectCommand(): Command {
  return withBridgeOptions(new Command('connect'))
    .description('let the running bridge connect everything')
    .action((options: BridgeOptions) => withBridge(options, (bridge) => bridge.connect({})))
}

export function disconnectCommand(): Command {
  return withBridgeOptions(new Command('disconnect'))
    .description('let the running bridge disconnect everything and stay there')
    .action((options: BridgeOptions) => withBridge(options, (bridge) => bridge.disconnect({})))
}

export function retryCommand(): Command {
  return withBridgeOptions(new Command('retry'))
    .argument('[target]', 'a client, or "relay"; without it everything that waits')
    .description('try again now instead of waiting')
    .action((target: string | undefined, options: BridgeOptions) =>
      withBridge(options, (bridge) => bridge.retryNow(target === undefined ? {} : { target })),
    )
}

export function usePortCommand(): Command {
  return withBridgeOptions(new Command('use-port'))
    .argument('<target>', 'a client, or "agent"')
    .argument('<port>', '1 to 65535', portArgument)
    .description('listen on another port, for this run of the bridge only')
    .action((target: string, port: number, options: BridgeOptions) =>
      withBridge(options, async (bridge) => {
        await bridge.useOtherPort({ target, port })
        const listener = await settledListener(bridge, target)
        if (listener.phase === 'failed') throw fromFailure(listener.cause)
        const now =
          listener.phase === 'listening'
            ? `listens on ${listener.address}`
            : 'will do so once it is connected'
        process.stdout.write(`${target} ${now}.\n`)
      }),
    )
}

/** Once it is known whether the other end lets us have the port; failures are tried again by the bridge. */
async function settledListener(bridge: BridgeConnection, target: string): Promise<ListenerState> {
  return new Promise((resolve, reject) => {
    bridge.closed.then(reject, reject)
    watchState(bridge, ({ agent, clients }) => {
      const listener = target === 'agent' ? agent : clients.find(({ name }) => name === target)?.listener
      if (listener !== undefined && listener.phase !== 'opening') resolve(listener)
    }).catch(reject)
  })
}

function print(state: BridgeState, isJson = false): void {
  process.stdout.write(isJson ? `${JSON.stringify(state)}\n` : `${page(state)}\n`)
}

async function streamStates(bridge: BridgeConnection): Promise<void> {
  await followState(bridge, (state) => print(state, true))
}

const CLEAR_SCREEN = '\u001b[H\u001b[J'
/** Ages and countdowns go on while the state stays. */
const REDRAW_MS = 1000

async function showStates(bridge: BridgeConnection): Promise<void> {
  let newest: BridgeState | undefined
  const draw = (): void => {
    if (newest === undefined) return
    process.stdout.write(`${process.stdout.isTTY ? CLEAR_SCREEN : ''}${page(newest)}\n`)
  }
  const timer = process.stdout.isTTY ? setInterval(draw, REDRAW_MS) : undefined
  try {
    await followState(bridge, (state) => {
      newest = state
      draw()
    })
  } finally {
    clearInterval(timer)
  }
}

/** Until a signal ends it; rejects when the bridge goes away. Signals count from before the first state. */
async function followState(bridge: BridgeConnection, listener: (state: BridgeState) => void): Promise<void> {
  const release = new AbortController()
  try {
    await Promise.all([untilStopped(bridge, release.signal), watchState(bridge, listener)])
  } finally {
    release.abort()
  }
}

async function untilStopped(bridge: BridgeConnection, signal: AbortSignal): Promise<void> {
  const gone = bridge.closed.then((reason): never => {
    throw reason
  })
  await Promise.race([once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal }), gone])
}

/** Also for terminals that call themselves 0 columns wide. */
const USUAL_COLUMNS = 100
const WIDEST_COLUMNS = 120

function page(state: BridgeState): string {
  const { isTTY, columns } = process.stdout
  const color = isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return bridgeLines(state, Date.now(), {
    width: Math.min(columns || USUAL_COLUMNS, WIDEST_COLUMNS),
    color,
    ownName: ownName(),
  }).join('\n')
}
