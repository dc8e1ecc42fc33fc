import { readFileSync } from 'node:fs'

// One line per file: the build puts the text in place of each of these expressions.
const FILES = {
  'setup.sh': readFileSync(new URL('./kit/setup.sh', import.meta.url), 'utf8'),
  'uninstall.sh': readFileSync(new URL('./kit/uninstall.sh', import.meta.url), 'utf8'),
  'tunnel.sh': readFileSync(new URL('./kit/tunnel.sh', import.meta.url), 'utf8'),
  'README.txt': readFileSync(new URL('./kit/README.txt', import.meta.url), 'utf8'),
} as const

/** The allow-list: what is not named here is in no bundle. */
export type KitFile = keyof typeof FILES
export const KIT_FILES = Object.keys(FILES) as readonly KitFile[]

const SETTINGS_MARK = '#@settings\n'

/** Text of a kit file; `settings` are shell assignments that replace the defaults in it. */
export function kitFile(name: KitFile, settings: readonly string[] = []): string {
  const text: string = FILES[name]
  return settings.length === 0 ? text : text.replace(SETTINGS_MARK, () => `${settings.join('\n')}\n`)
}
