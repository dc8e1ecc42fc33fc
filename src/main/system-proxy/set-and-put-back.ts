import { AppError } from '../../shared/errors/app-error.ts'
import { dropKept, type KeptSettings, readKept, writeKept } from './kept-settings.ts'
import { type ProxyStore, type ProxyWish, type Settings, type SystemName, UNSET } from './proxy-store.ts'

export interface PutBack {
  /** Settings that are as they were again. */
  readonly restored: readonly string[]
  /** Settings that somebody else has changed meanwhile, which stay as they are now. */
  readonly left: readonly string[]
}

/** Writes down what is there, then sets what is wished for; where that fails, everything is put back. */
export async function setProxy(
  store: ProxyStore,
  stateFile: string,
  proxy: ProxyWish,
  storeOf: (system: SystemName) => ProxyStore,
): Promise<void> {
  const { before, now, wanted } = await plan(store, stateFile, proxy, storeOf)
  const { system } = store
  await writeKept(stateFile, { system, before, set: wanted })
  const written: string[] = []
  try {
    for (const [name, value] of wanted) {
      if (now.get(name) === value) continue
      written.push(name)
      await store.write(name, value)
    }
    const after = await store.read()
    refuseOthers(store, wanted, after)
    // As the system has written them down, so that they are known again.
    await writeKept(stateFile, { system, before, set: valuesOf(after, wanted.keys()) })
    if (written.length > 0) await store.announce()
  } catch (error) {
    const after = await store.read().catch(() => now)
    const set = new Map([...wanted, ...valuesOf(after, written)])
    // What cannot be put back now stays written down for the next start.
    await putBack(store, stateFile, { system, before, set }).catch(() => undefined)
    throw error
  }
}

interface Plan {
  /** What is to be put back one day; not what is there now, where that was set by an earlier wish. */
  readonly before: Settings
  readonly now: Settings
  readonly wanted: Settings
}

async function plan(
  store: ProxyStore,
  stateFile: string,
  proxy: ProxyWish,
  storeOf: (system: SystemName) => ProxyStore,
): Promise<Plan> {
  const earlier = await readKept(stateFile)
  const now = await store.read()
  const wanted = store.wanted(proxy, now)
  if (earlier === undefined) return { before: valuesOf(now, wanted.keys()), now, wanted }
  if (earlier.system !== store.system || !hasSameNames(earlier.set, wanted)) {
    await putBack(storeOf(earlier.system), stateFile, earlier)
    return plan(store, stateFile, proxy, storeOf)
  }
  const before = new Map(valuesOf(now, wanted.keys()))
  for (const [name, value] of earlier.before)
    if (now.get(name) === earlier.set.get(name)) before.set(name, value)
  return { before, now, wanted }
}

function valuesOf(settings: Settings, names: Iterable<string>): Settings {
  return new Map([...names].map((name) => [name, settings.get(name) ?? UNSET]))
}

function hasSameNames(a: Settings, b: Settings): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name))
}

/** Rules of an administrator, or a desktop without its settings service, take what is written and keep the old. */
function refuseOthers(store: ProxyStore, wanted: Settings, after: Settings): void {
  for (const [name, value] of wanted)
    if (after.get(name) !== value && !store.isLoose(name))
      throw new AppError('system-proxy.failed', `The system did not keep its setting "${name}".`, {
        remedy:
          'There may be no desktop session here, or an administrator may have fixed the proxy; set it by hand.',
      })
}

/** Puts back what nobody else has changed since, switches first, and forgets what was there. */
export async function putBack(store: ProxyStore, stateFile: string, kept: KeptSettings): Promise<PutBack> {
  const now = await store.read()
  const isUntouched = (name: string): boolean =>
    !kept.set.has(name) || [kept.set.get(name), kept.before.get(name)].includes(now.get(name) ?? UNSET)
  const restored: string[] = []
  const left: string[] = []
  for (const [name, value] of [...kept.before].reverse()) {
    const current = now.get(name)
    // Not there any more, such as the settings of a network device that was taken out.
    if (current === undefined || current === value) continue
    if (isUntouched(name) && store.dependsOn(name).every(isUntouched)) {
      await store.write(name, value)
      restored.push(name)
    } else left.push(name)
  }
  if (restored.length > 0) await store.announce()
  await dropKept(stateFile)
  return { restored, left }
}
