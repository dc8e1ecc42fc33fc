// dist/{main,preload,renderer}: the tray app for Electron, with nothing but native modules beside it.
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'rolldown'
import { BRIDGE_CALLS, BRIDGE_EVENTS } from '../src/shared/bridge-api/calls.ts'
import { type BuiltFile, bundle } from './build.ts'
import { buildRenderer } from './build-renderer.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Builds all three parts. @param dist the folder that holds them. */
export async function buildDesktop(dist = join(ROOT, 'dist')): Promise<BuiltFile[]> {
  const preload = buildPreload(join(dist, 'preload/index.cjs'))
  const main = join(dist, 'main/index.js')
  await rm(main, { force: true })
  const renderer = await buildRenderer({ outDir: join(dist, 'renderer') })
  // Last, because it takes the renderer in: the bridge serves it to browsers too.
  return [await bundle(join(ROOT, 'src/main/index.ts'), main, dist), await preload, ...renderer]
}

/** A sandboxed preload is one CommonJS file, which may require next to nothing. */
async function buildPreload(outFile: string): Promise<BuiltFile> {
  const { output } = await build({
    input: join(ROOT, 'src/preload/index.ts'),
    platform: 'neutral',
    external: ['electron'],
    transform: {
      define: {
        CALL_NAMES: JSON.stringify(Object.keys(BRIDGE_CALLS)),
        EVENT_NAMES: JSON.stringify(Object.keys(BRIDGE_EVENTS)),
      },
    },
    logLevel: 'warn',
    write: false,
    output: { format: 'cjs', codeSplitting: false },
  })
  const [{ code }] = output
  await mkdir(dirname(outFile), { recursive: true })
  await writeFile(outFile, code)
  return { path: outFile, bytes: (await stat(outFile)).size, gzipBytes: gzipSync(code).length }
}

if (import.meta.main)
  for (const { path, bytes, gzipBytes } of await buildDesktop())
    console.log(`${path}  ${(bytes / 1024).toFixed(0)} KiB, ${(gzipBytes / 1024).toFixed(0)} KiB compressed`)
