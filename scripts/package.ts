// `npm run package`: installers of the tray app for this system, in dist/installers.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildEdition } from './build.ts'
import { buildDesktop } from './build-desktop.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Arguments of electron-builder. Nothing is ever uploaded; an installer looks for updates where
 * SOVEREIGN_UPDATE_URL says, and without one it does not look for any.
 */
export function builderArguments(
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[],
): string[] {
  const feed = env.SOVEREIGN_UPDATE_URL ?? ''
  const publish = feed === '' ? [] : ['-c.publish.provider=generic', `-c.publish.url=${httpsUrl(feed)}`]
  return ['--publish', 'never', ...publish, ...more]
}

function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new Error(`SOVEREIGN_UPDATE_URL has to be an https address; it is ${text}.`)
  return text
}

if (import.meta.main) {
  const args = builderArguments(process.env, process.argv.slice(2))
  await buildDesktop()
  // What the app installs on a relay host.
  await buildEdition('sovereign-relay', join(ROOT, 'dist/sovereign-relay.mjs'))
  const { status } = spawnSync('electron-builder', args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  process.exitCode = status ?? 1
}
