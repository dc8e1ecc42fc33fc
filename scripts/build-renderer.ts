// dist/renderer: the windows as three files that a page with a strict content policy may load.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'rolldown'
import type { BuiltFile } from './build.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The engine of the oldest Electron that the app ships with; every browser of the last two years has it too. */
const TARGET = 'chrome130'

interface BuildRendererOptions {
  readonly outDir?: string
  /** Keeps the names and React's warnings. */
  readonly development?: boolean
}

/** Builds index.html, app.js and app.css. @throws when an import cannot be found. */
export async function buildRenderer(options: BuildRendererOptions = {}): Promise<BuiltFile[]> {
  const { outDir = join(ROOT, 'dist/renderer'), development = false } = options
  const styles = new Map<string, string>()
  const { output } = await build({
    input: join(ROOT, 'src/renderer/main.tsx'),
    platform: 'browser',
    plugins: [collectStyles(styles)],
    transform: {
      target: TARGET,
      define: { 'process.env.NODE_ENV': JSON.stringify(development ? 'development' : 'production') },
    },
    logLevel: 'warn',
    write: false,
    output: { format: 'esm', codeSplitting: false, minify: !development },
  })
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error(`More than one file came out: ${others.map((o) => o.fileName)}`)
  await mkdir(outDir, { recursive: true })
  await write(join(outDir, 'index.html'), await readFile(join(ROOT, 'src/renderer/index.html'), 'utf8'))
  // In the order in which they were imported: the design system before the views that arrange it.
  const order = chunk.moduleIds.flatMap((id) => styles.get(id) ?? [])
  return await Promise.all([
    write(join(outDir, 'app.js'), chunk.code),
    write(join(outDir, 'app.css'), order.join('\n')),
  ])
}

/** Takes the text of every imported style sheet and leaves an empty module in its place. */
function collectStyles(styles: Map<string, string>): Plugin {
  return {
    name: 'collect-styles',
    load: {
      filter: { id: /\.css$/ },
      handler: async (id) => {
        styles.set(id, await readFile(id, 'utf8'))
        return { code: '', moduleType: 'js', moduleSideEffects: 'no-treeshake' }
      },
    },
  }
}

async function write(path: string, text: string): Promise<BuiltFile> {
  // Whole at every moment: a bridge that starts right now may read it.
  const fresh = `${path}.${randomUUID()}.tmp`
  await writeFile(fresh, text)
  await rename(fresh, path)
  return { path, bytes: Buffer.byteLength(text), gzipBytes: gzipSync(text).length }
}

if (import.meta.main) {
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
  for (const { path, bytes, gzipBytes } of await buildRenderer())
    console.log(`${path}  ${kib(bytes)}, ${kib(gzipBytes)} compressed`)
}
