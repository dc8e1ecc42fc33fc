import { chmod, chown, lstat, mkdir, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { writeFileAtomic } from '../node/atomic-file.ts'
import { isWildcard, listenersOn } from '../node/listeners.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { accountStep, findAccount } from './account.ts'
import { changesOf } from './changes.ts'
import { type HostMachine, on, textOf } from './host-machine.ts'
import { LOG_FOLDER } from './launchd-daemon.ts'
import { versionAt } from './ollama-client.ts'
import { type InstallRequest, isUnchanged, type Prepared, prepare } from './prepare.ts'
import { type OllamaService, placeOf, type ServiceFile } from './service.ts'
import { launchdControl, type ServiceControl, systemdControl } from './service-control.ts'
import { type HostStep, runSteps, type Say } from './steps.ts'
import { OWN_UNIT, STOCK_UNIT } from './systemd-unit.ts'

export interface InstallTimings {
  /** How long Ollama may take until it answers. */
  readonly answerWithinMs: number
  readonly askEveryMs: number
}

const TIMINGS: InstallTimings = { answerWithinMs: 60_000, askEveryMs: 500 }
const ONE_ANSWER_MS = 5_000

/** Keeps Ollama running on this machine, at one address; does nothing where that is so already. */
export async function installOllama(
  machine: HostMachine,
  request: InstallRequest,
  say: Say,
  timings: InstallTimings = TIMINGS,
): Promise<void> {
  const prepared = await prepare(machine, request, say)
  const { service, before, files } = prepared
  const control = controlOf(machine, prepared)
  if ((await isUnchanged(machine, files)) && (await answersNow(service))) {
    say(`  ok      nothing to change: Ollama answers at ${placeOf(service)}`)
    await mustNotBeWider(service, say)
    return
  }
  // An option that is left out counts as usual, whatever was said the last time.
  for (const change of changesOf(before, service)) say(`  change  ${change}`)
  const wasRunning = (await before?.control.pid()) !== undefined
  const wasEnabled = (await before?.control.isEnabled()) === true
  await runSteps(
    [
      {
        title: 'service manager',
        run: async () => undefined,
        // Comes last of all, when the files are as they were.
        undo: async () => {
          await control.reload()
          if (wasRunning) await control.start()
        },
      },
      accountStep(machine, service.user, service.home),
      ...foldersOf(service).map((folder) => folderStep(machine, folder, service)),
      ...files.map((file) => fileStep(machine, file)),
      {
        title: `service ${control.name}`,
        run: async () => {
          await control.start()
          return 'started, now and with the machine'
        },
        undo: async () => (wasEnabled ? undefined : control.stop()),
      },
      answerStep(service, control, timings),
      { title: 'no other address', run: () => mustNotBeWider(service, say) },
    ],
    say,
  )
}

function controlOf(machine: HostMachine, { before, files }: Prepared): ServiceControl {
  if (machine.platform === 'darwin') return launchdControl(machine)
  const isOwn = files.some(({ path }) => path.endsWith(`/${OWN_UNIT}`))
  return before?.control ?? systemdControl(machine, isOwn ? OWN_UNIT : STOCK_UNIT)
}

function foldersOf({ home, models, platform }: OllamaService): string[] {
  return [...new Set([home, models, ...(platform === 'darwin' ? [LOG_FOLDER] : [])])]
}

/** One that is there is left as it is, with what is in it. */
function folderStep(machine: HostMachine, folder: string, { home, user }: OllamaService): HostStep {
  const made: string[] = []
  return {
    title: `folder ${folder}`,
    run: async () => {
      const account = await findAccount(machine, user)
      for (const path of await missingFolders(machine, folder)) {
        // Those above one of its own only have to let the account through.
        const isItsOwn = path === folder || path.startsWith(`${home}/`)
        await mkdir(on(machine, path))
        made.push(path)
        await chmod(on(machine, path), isItsOwn ? 0o700 : 0o755)
        if (isItsOwn && account !== undefined) await chown(on(machine, path), account.uid, account.gid)
      }
      return made.length === 0 ? 'is there' : `made, for ${user} alone`
    },
    // Fails where something is in it by now, which is not thrown away.
    undo: async () => {
      for (const path of made.reverse()) await rmdir(on(machine, path))
    },
  }
}

/** Outermost first. */
async function missingFolders(machine: HostMachine, folder: string): Promise<string[]> {
  const missing: string[] = []
  for (let path = folder; path !== '/'; path = dirname(path)) {
    if ((await lstat(on(machine, path)).catch(() => undefined)) !== undefined) break
    missing.unshift(path)
  }
  return missing
}

function fileStep(machine: HostMachine, { path, content, mode }: ServiceFile): HostStep {
  const place = on(machine, path)
  let old: string | undefined
  return {
    title: path,
    run: async () => {
      old = await textOf(machine, path)
      if (old === content) return 'is there'
      await writeFileAtomic(place, content, mode)
      return old === undefined ? 'written' : 'changed'
    },
    undo: async () => (old === undefined ? rm(place, { force: true }) : writeFileAtomic(place, old, mode)),
  }
}

function answerStep(service: OllamaService, control: ServiceControl, timings: InstallTimings): HostStep {
  const place = placeOf(service)
  return {
    title: `Ollama answers at ${place}`,
    run: async () => {
      const endsAt = performance.now() + timings.answerWithinMs
      while (performance.now() < endsAt) {
        const version = await answersNow(service)
        // Another Ollama may have answered a moment ago, from before the restart.
        if (version !== undefined && (await control.pid()) !== undefined) return `version ${version}`
        await delay(timings.askEveryMs)
      }
      throw new AppError(
        'ollama-host.no-answer',
        `${control.name} was started, but nothing answers at ${place} within ${timings.answerWithinMs / 1000} s.`,
        { remedy: `See why with: ${control.logCommand}` },
      )
    },
  }
}

function answersNow(service: OllamaService): Promise<string | undefined> {
  return versionAt(`http://${placeOf(service)}`, AbortSignal.timeout(ONE_ANSWER_MS)).catch(() => undefined)
}

async function mustNotBeWider({ address, port }: OllamaService, say: Say): Promise<undefined> {
  const others = (await listenersOn(port)).filter((one) => one !== address)
  const wide = others.filter(isWildcard)
  if (wide.length > 0)
    throw new AppError(
      'ollama-host.too-wide',
      `Something listens on port ${port} of every address (${wide.join(', ')}), not only of ${address}.`,
    )
  for (const other of others) say(`  NOTE    something else listens on port ${port} of ${other}`)
  return undefined
}
