import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { buildDesktop } from '../../../scripts/build-desktop.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

let building: Promise<string> | undefined

/** The app as it is shipped, in a folder of its own, built once for each file of tests. */
export function builtApp(): Promise<string> {
  building ??= build()
  return building
}

/** To be called when nothing of it runs any more. */
export async function removeBuiltApp(): Promise<void> {
  const folder = await building
  building = undefined
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'app-'))
  const { name, productName, version, type, main } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, string>
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, productName, version, type, main }))
  await cp(join(ROOT, 'assets'), join(folder, 'assets'), { recursive: true })
  // The keychain's native module stays outside of the bundle.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await buildDesktop(join(folder, 'dist'))
  return folder
}

/** record-desktop.ts as a script that Electron can require before the app. */
export async function builtRecorder(folder: string): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./record-electron.ts', import.meta.url)),
    external: ['electron'],
    platform: 'node',
  })
  const file = join(folder, 'record-electron.cjs')
  await bundle.write({ file, format: 'cjs' })
  return file
}
