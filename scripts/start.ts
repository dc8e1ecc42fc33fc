// `npm start`: the tray app where it can be shown, else the same bridge without a display.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { leaveWithNpm } from './leave-with-npm.ts'

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
  leaveWithNpm()
  const face = chooseFace(join(ROOT, 'node_modules/electron'), process.platform, process.env)
  const args = process.argv.slice(2)
  if (face.kind === 'tray') {
    const { buildDesktop } = await import('./build-desktop.ts')
    const { buildEdition } = await import('./build.ts')
    // The second is what the app installs on a relay host.
    await Promise.all([
      buildDesktop(),
      buildEdition('sovereign-relay', join(ROOT, 'dist/sovereign-relay.mjs')),
    ])
    showTray(face.electron, [ROOT, ...args])
  } else {
    const { buildRenderer } = await import('./build-renderer.ts')
    await buildRenderer()
    console.error(
      `No tray icon: ${face.reason}. The same bridge runs here, with its dashboard in a browser; Ctrl-C ends it.`,
    )
    // In this very process: whoever ends it, in whatever way, ends the bridge and not only its launcher.
    const command = join(ROOT, 'bin/sovereign.js')
    process.argv.splice(1, process.argv.length, command, 'bridge', ...args)
    await import(pathToFileURL(command).href)
  }
}

function showTray(electron: string, args: readonly string[]): void {
  const app = spawn(electron, args, { stdio: 'inherit' })
  // Ctrl-C reaches both; the app decides when to leave. Signals to this process alone are passed on.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.kill(signal))
  app.once('error', (error) => {
    console.error(`The tray app does not start: ${error.message}.`)
    process.exitCode = 1
  })
  app.once('exit', (code) => process.exit(code ?? 1))
}
