// The functions of src/functions, each as one file in a folder of its own, which Lambda takes as it is.
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuiltFile, bundle } from './build.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const FUNCTIONS = ['wake', 'query', 'kill', 'sleep'] as const

/** @returns the files, `<folder>/<name>/index.mjs`. */
export async function buildFunctions(folder = join(ROOT, 'dist/functions')): Promise<BuiltFile[]> {
  await rm(folder, { recursive: true, force: true })
  return await Promise.all(
    FUNCTIONS.map((name) =>
      bundle(join(ROOT, `src/functions/${name}/handler.ts`), join(folder, name, 'index.mjs')),
    ),
  )
}

if (import.meta.main)
  for (const { path, bytes, gzipBytes } of await buildFunctions())
    console.log(
      `${relative(ROOT, path)}  ${Math.ceil(bytes / 1024)} KiB, ${Math.ceil(gzipBytes / 1024)} KiB compressed`,
    )
