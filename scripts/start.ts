// `npm start`: the tray app where it can be shown, else the same bridge without a display.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

type Face =
  | { readonly kind: 'tray'; readonly electron: string }
  | { readonly kind: 'no-display'; readonly reason: string }

/** What can be shown here, and why not more. */
export function chooseFace(
  electronFolder: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  uid = process.getuid?.(),
): Face {
  const pathFile = join(electronFolder, 'path.txt')
  const binary = existsSync(pathFile)
    ? join(electronFolder, 'dist', readFileSync(pathFile, 'utf8').trim())
    : undefined
  if (binary === undefined || !existsSync(binary))
    return { kind: 'no-display', reason: 'Electron is not downloaded (npx install-electron)' }
  if (platform === 'linux' && uid === 0)
    return { kind: 'no-display', reason: 'Electron does not run as root' }
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return { kind: 'no-display', reason: 'there is no display' }
  return { kind: 'tray', electron: binary }
}

if (import.meta.main) {
  const face = chooseFace(join(ROOT, 'node_modules/electron'), process.platform, process.env)
  const args = process.argv.slice(2)
  if (face.kind === 'tray') {
    const { buildDesktop } = await import('./build-desktop.ts')
    await buildDesktop()
    process.exitCode = run(face.electron, [ROOT, ...args])
  } else {
    console.error(`No tray icon: ${face.reason}. The same bridge runs here without a window; Ctrl-C ends it.`)
    process.exitCode = run(process.execPath, [join(ROOT, 'bin/sovereign.js'), 'bridge', ...args])
  }
}

function run(program: string, args: readonly string[]): number {
  // Ctrl-C reaches both; the program behind it decides when to leave.
  process.on('SIGINT', () => undefined)
  return spawnSync(program, args, { stdio: 'inherit' }).status ?? 1
}
