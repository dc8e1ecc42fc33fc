import { z } from 'zod'
import { createStore, type StoreApi } from 'zustand/vanilla'

export const STEPS = ['relay', 'sign-in', 'machines', 'done'] as const
export type Step = (typeof STEPS)[number]

const typed = z.string().max(500)
const jobId = z.string().max(100).optional()

const wizardSchema = z.object({
  /** `first` goes through all steps; `add` is about one more machine. */
  mode: z.enum(['first', 'add']),
  step: z.enum(STEPS),
  way: z.enum(['choose', 'ssh', 'url']),
  relayHost: typed,
  relayPort: typed,
  relayUrl: typed,
  /** Names of files on the computer of the bridge, where `~` may stand for the home folder. */
  relayAdminTokenFile: typed,
  relayTokenFile: typed,
  relayJob: jobId,
  /** The address is saved and being asked. */
  isUrlSaved: z.boolean(),
  machineHost: typed,
  machineName: typed,
  machinePort: typed,
  machineJob: jobId,
  /** The name under which the machine stands in the settings already. */
  machineAdded: typed.optional(),
  /** Somebody said "later". */
  isLeft: z.boolean(),
})

/** How far somebody is, and what was typed so far; nothing of it is secret. */
export type Wizard = z.infer<typeof wizardSchema>

const BLANK_MACHINE = {
  machineHost: '',
  machineName: '',
  machinePort: '8080',
  machineJob: undefined,
  machineAdded: undefined,
} satisfies Partial<Wizard>

export function newWizard(mode: Wizard['mode']): Wizard {
  return {
    mode,
    step: mode === 'first' ? 'relay' : 'machines',
    way: 'choose',
    relayHost: '',
    relayPort: '8080',
    relayUrl: '',
    relayAdminTokenFile: '',
    relayTokenFile: '',
    relayJob: undefined,
    isUrlSaved: false,
    isLeft: false,
    ...BLANK_MACHINE,
  }
}

export function withoutMachine(wizard: Wizard): Wizard {
  return { ...wizard, ...BLANK_MACHINE }
}

/** Where a page keeps what a reload should not lose. */
export type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

const KEY = 'sovereign-first-run'

/** @returns undefined where nothing is kept, or nothing that this version understands. */
export function keptWizard(keep: Keep): Wizard | undefined {
  try {
    return wizardSchema.safeParse(JSON.parse(keep.getItem(KEY) ?? 'null')).data
  } catch {
    // No storage, or somebody else's text in it: begin anew.
    return undefined
  }
}

export function createWizard(keep: Keep): StoreApi<Wizard | undefined> {
  const store = createStore<Wizard | undefined>(() => keptWizard(keep))
  store.subscribe((wizard) => {
    try {
      if (wizard === undefined) keep.removeItem(KEY)
      else keep.setItem(KEY, JSON.stringify(wizard))
    } catch {
      // A browser without storage: a reload begins anew, and that is all.
    }
  })
  return store
}

export function portOf(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text.trim())) return undefined
  const port = Number(text)
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** As the settings schema has it; see src/shared/settings/schema.ts. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u

export function isName(text: string): boolean {
  return NAME.test(text)
}

/** A name for whatever was typed as a host: `build-box` for `eve@build-box:2222`. */
export function nameFor(host: string): string {
  const [, bare = host] = /^(?:[^@]*@)?\[?([^\]]*?)\]?(?::\d+)?$/.exec(host.trim()) ?? []
  return bare
    .replace(/[^\p{L}\p{N} ._-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 100)
}

/** The relay as its URL has to be, without the slash at its end; undefined for what is none. */
export function relayUrlOf(text: string): string | undefined {
  const trimmed = text.trim()
  if (!/^https?:\/\/[^/\s]/i.test(trimmed) || !URL.canParse(trimmed)) return undefined
  return trimmed.replace(/\/+$/, '')
}

/** Whether somebody is on the way to an address and has made no mistake so far. */
export function isUrlBegun(text: string): boolean {
  const typed = text.trim().toLowerCase()
  return typed !== '' && ['http://', 'https://'].some((scheme) => scheme.startsWith(typed))
}
