import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ApplyOptions } from '../../perimeter/apply/apply.ts'
import type { Remote } from '../../perimeter/apply/remote.ts'
import type { Perimeter } from '../../perimeter/file/schema.ts'
import type { Rendering } from '../../perimeter/render/rendering.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { driftText, notPendingText, stepText } from '../apply-text.ts'
import { type PerimeterFileOption, perimeterOf, perimeterPath, withPerimeterFile } from '../perimeter-file.ts'
import { plainText } from '../terminal-text.ts'

interface MachineOptions extends PerimeterFileOption {
  readonly target: Rendering['machine']
  readonly ssh?: string
  readonly sshConfig?: string
}

interface ApplyCommandOptions extends MachineOptions {
  readonly seconds: number
  readonly yes?: boolean
}

/** What puts a perimeter in place on its machines, over SSH. */
export function perimeterApplyCommands(): Command[] {
  const on = (name: string, words: string): Command =>
    withPerimeterFile(new Command(name))
      .description(words)
      .addOption(
        new Option('--target <machine>', 'which machine').choices(['router', 'server']).default('router'),
      )
      .option('--ssh <target>', 'how to reach it; what the perimeter file says unless told')
      .option('--ssh-config <file>', 'SSH config instead of ~/.ssh/config')
  return [
    on('apply', 'put the perimeter in place; it is taken back by itself unless you confirm it')
      .option('--seconds <seconds>', 'how long it stands without being confirmed', secondsOption, 90)
      .option('--yes', 'confirm it as soon as the machine was reached over a new connection')
      .action(apply),
    on('diff', 'show what differs between the perimeter file and the machine').action(diff),
    on('confirm', 'keep a change that waits to be confirmed').action((options: MachineOptions) =>
      decide(options, 'confirm'),
    ),
    on('undo', 'take a change back that waits to be confirmed').action((options: MachineOptions) =>
      decide(options, 'undo'),
    ),
    on('remove', 'take everything away that was applied, down to what was there before').action(remove),
  ]
}

function secondsOption(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 20 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('Use a whole number from 20 to 3600.')
}

async function apply(options: ApplyCommandOptions): Promise<void> {
  const perimeter = await perimeterOf(options)
  const { renderMachine } = await import('../../perimeter/render/render.ts')
  const { applyRendering } = await import('../../perimeter/apply/apply.ts')
  const target = targetOf(options, perimeter)
  const tell: ApplyOptions['tell'] = (step) => console.error(plainText(stepText(step, target)))
  const end = await applyRendering({
    rendering: renderMachine(options.target, perimeter),
    connect: (signal) => open(options, perimeter, signal),
    seconds: options.seconds,
    isToBeKept: options.yes === true ? async () => true : askWhetherToKeep,
    tell,
    signal: AbortSignal.any([]),
    pause: async (ms, signal) => delay(ms, undefined, { signal }),
  })
  if (end === 'undone') throw new AppError('perimeter.undone', `The change on ${target} was taken back.`)
  if (options.target === 'router') await keepPublicKey(options, perimeter)
  console.log(`The perimeter stands on ${target}.`)
}

/** A whole word: a stray key must not make a change last. */
async function askWhetherToKeep(secondsLeft: number, signal: AbortSignal): Promise<boolean> {
  const { TERMINAL } = await import('../terminal-asker.ts')
  const late = new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('no')))
  for (;;) {
    const typed = TERMINAL.ask(`Keep it? "keep" or "undo" (${secondsLeft} s): `, { isHidden: false })
    const answer = (await Promise.race([typed.catch(() => 'undo'), late])).trim().toLowerCase()
    if (answer === 'keep') return true
    if (answer === 'undo' || answer === 'no') return false
  }
}

async function diff(options: MachineOptions): Promise<void> {
  const perimeter = await perimeterOf(options)
  const { renderMachine } = await import('../../perimeter/render/render.ts')
  const { fileDrift, liveDrift } = await import('../../perimeter/apply/diff.ts')
  const { keeperState } = await import('../../perimeter/apply/remote.ts')
  const remote = await open(options, perimeter)
  try {
    if ((await keeperState(remote)).pending !== undefined)
      console.error(`A change on ${remote.place} waits to be confirmed; it counts as in force below.`)
    const live = await liveDrift(remote).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'perimeter.not-applied') return 'not-applied' as const
      throw error
    })
    const files = await fileDrift(remote, renderMachine(options.target, perimeter))
    console.log(driftText(files, live).split('\n').map(plainText).join('\n'))
    const isSame = files.every(({ drift }) => drift === 'same') && live !== 'not-applied' && live.length === 0
    if (!isSame) process.exitCode = 1
  } finally {
    await remote.close()
  }
}

async function decide(options: MachineOptions, verb: 'confirm' | 'undo'): Promise<void> {
  const { askKeeper, keeperState } = await import('../../perimeter/apply/remote.ts')
  const remote = await open(options, await perimeterOf(options))
  try {
    const { pending, result } = await keeperState(remote)
    if (pending === undefined)
      throw new AppError('perimeter.not-pending', notPendingText(remote.place, result))
    await askKeeper(remote, verb, [pending.id])
    console.log(verb === 'confirm' ? `Kept on ${remote.place}.` : `Taken back on ${remote.place}.`)
  } finally {
    await remote.close()
  }
}

async function remove(options: MachineOptions): Promise<void> {
  const { askKeeper } = await import('../../perimeter/apply/remote.ts')
  const remote = await open(options, await perimeterOf(options))
  try {
    await askKeeper(remote, 'remove', []).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'perimeter.not-applied') throw error
      throw new AppError(error.code, error.message, {
        remedy: 'There is nothing to take away.',
        cause: error,
      })
    })
    console.log(`${remote.place} is as it was before the perimeter was applied first.`)
  } finally {
    await remote.close()
  }
}

/** The file says what peers need to know of the router, so that "peers add" works from now on. */
async function keepPublicKey(options: MachineOptions, perimeter: Perimeter): Promise<void> {
  const { wireguard } = perimeter
  if (wireguard === undefined || perimeter.options.lanOnly) return
  const { keepRouterKey } = await import('../../perimeter/apply/router-key.ts')
  const remote = await open(options, perimeter)
  try {
    const key = await keepRouterKey(remote, perimeterPath(options), wireguard)
    if (key !== undefined)
      console.error(`Wrote the public key of the router, ${key}, into the perimeter file.`)
  } finally {
    await remote.close()
  }
}

function targetOf({ ssh, target }: MachineOptions, { router, server }: Perimeter): string {
  if (ssh !== undefined) return ssh
  if (target === 'router') return router.ssh ?? `root@${router.lan.address.split('/')[0]}`
  if (server.ssh !== undefined) return server.ssh
  throw new AppError('perimeter.no-ssh', 'The perimeter file does not say how to reach the server.')
}

async function open(options: MachineOptions, perimeter: Perimeter, signal?: AbortSignal): Promise<Remote> {
  const { openRemoteShell } = await import('../remote-shell.ts')
  const { TERMINAL } = await import('../terminal-asker.ts')
  return openRemoteShell({
    target: targetOf(options, perimeter),
    ...(options.sshConfig === undefined ? {} : { sshConfigFile: options.sshConfig }),
    person: TERMINAL,
    env: process.env,
    signal: signal ?? AbortSignal.any([]),
  })
}
