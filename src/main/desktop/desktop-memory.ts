import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Store, { type Schema } from 'electron-store'
import { z } from 'zod'
import type { SeenMatters } from './attention.ts'

/** Of the file, not of the program; migrations bring an older one forward when it is opened. */
const FORMAT_VERSION = '1.0.0'

const bounds = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1).max(100_000),
  height: z.int().min(1).max(100_000),
})
const memorySchema = z.object({
  bounds: z.record(z.string(), bounds),
  seenMatters: z.array(z.string().max(1000)).max(1000),
})
export type Bounds = z.infer<typeof bounds>
type Memory = z.infer<typeof memorySchema>

/** What is remembered between runs; losing it costs a window its place, and marks as new what was seen. */
export interface DesktopMemory extends SeenMatters {
  bounds(window: string): Bounds | undefined
  keepBounds(window: string, bounds: Bounds): void
}

/**
 * Opens `windows.json` in a folder. A file that cannot be understood, or was written by a newer version, is moved
 * aside to a name of its own and never written over. @param onTrouble told of that, and of a disk that takes nothing.
 */
export function openDesktopMemory(folder: string, onTrouble: (text: string) => void): DesktopMemory {
  const path = join(folder, 'windows.json')
  try {
    setAsideUnusable(path, onTrouble)
    return remembering(openStore(folder), onTrouble)
  } catch (error) {
    onTrouble(`The places of the windows are not remembered: ${whatFailed(error)}.`)
    return {
      ...{ bounds: () => undefined, keepBounds: () => undefined },
      ...{ seen: () => [], keepSeen: () => undefined },
    }
  }
}

function remembering(store: Store<Memory>, onTrouble: (text: string) => void): DesktopMemory {
  const keep = (change: Partial<Memory>): void => {
    try {
      store.set(change)
    } catch (error) {
      onTrouble(`${store.path} cannot be written: ${whatFailed(error)}.`)
    }
  }
  return {
    bounds: (window) => store.get('bounds')[window],
    keepBounds: (window, next) => keep({ bounds: { ...store.get('bounds'), [window]: next } }),
    seen: () => store.get('seenMatters'),
    keepSeen: (keys) => keep({ seenMatters: [...keys] }),
  }
}

function setAsideUnusable(path: string, onTrouble: (text: string) => void): void {
  const reason = whyUnusable(path)
  if (reason === undefined) return
  const aside = freeName(path)
  renameSync(path, aside)
  onTrouble(`${path} ${reason}; it is kept as ${aside}.`)
}

function whatFailed(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}

function openStore(folder: string): Store<Memory> {
  const { properties } = z.toJSONSchema(memorySchema, { target: 'draft-7' })
  return new Store<Memory>({
    name: 'windows',
    cwd: folder,
    schema: properties as Schema<Memory>,
    defaults: { bounds: {}, seenMatters: [] },
    projectVersion: FORMAT_VERSION,
    // By the format that a step leads to; the first format has none.
    migrations: {},
    configFileMode: 0o600,
  })
}

const versionSchema = z.object({
  __internal__: z
    .object({ migrations: z.object({ version: z.string().regex(/^\d+\.\d+\.\d+$/) }) })
    .optional(),
})

function whyUnusable(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const version = versionSchema.parse(content).__internal__?.migrations.version ?? FORMAT_VERSION
    if (majorOf(version) > majorOf(FORMAT_VERSION))
      return `was written by a newer version (format ${version})`
    return majorOf(version) === majorOf(FORMAT_VERSION) ? mistakeIn(content) : undefined
  } catch {
    return 'cannot be read'
  }
}

function mistakeIn(content: unknown): string | undefined {
  return memorySchema.partial().safeParse(content).success ? undefined : 'does not hold what it should'
}

function majorOf(version: string): number {
  return Number(version.split('.', 1)[0])
}

function freeName(path: string): string {
  for (let count = 1; ; count += 1) {
    const name = `${path}.unusable-${count}`
    if (!existsSync(name)) return name
  }
}
