// dist/main/index.js: the tray app as one file for Electron, with nothing but native modules beside it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuiltFile, bundle } from './build.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export async function buildDesktop(outFile = join(ROOT, 'dist/main/index.js')): Promise<BuiltFile> {
  await rm(outFile, { force: true })
  return bundle(join(ROOT, 'src/main/index.ts'), outFile)
}

if (import.meta.main) {
  const { path, bytes } = await buildDesktop()
  console.log(`${path}  ${(bytes / 1024).toFixed(0)} KiB`)
}
