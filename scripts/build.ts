// Single-file bundles for deployment: each runs with nothing but Node 24 beside it.
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'rolldown'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface BuiltFile {
  readonly path: string
  readonly bytes: number
  readonly gzipBytes: number
}

/**
 * Native or Electron-only packages: each is reached through a dynamic import or a guarded `require` and the
 * program does without it where it is not installed.
 */
const LEFT_OUT = ['electron', 'keytar', 'cpu-features', /\.node$/]

const READ_BESIDE =
  /readFileSync\(\s*new URL\(\s*(['"])(\.[^'"]+)\1\s*,\s*import\.meta\.url\s*\)\s*,\s*(['"])utf-?8\3\s*,?\s*\)/g

const DIST = join(ROOT, 'dist')

/**
 * Puts the text of a file in place of `readFileSync(new URL('./name', import.meta.url), 'utf8')`.
 * @param dist where files that are built themselves are taken from.
 */
export async function inlineFiles(code: string, id: string, dist = DIST): Promise<string> {
  const texts = new Map<string, string>()
  for (const [expression, , name = ''] of code.matchAll(READ_BESIDE)) {
    const path = join(dirname(id), name)
    const source = path.startsWith(DIST) ? join(dist, relative(DIST, path)) : path
    texts.set(expression, JSON.stringify(await readFile(source, 'utf8')))
  }
  return code.replace(READ_BESIDE, (expression) => texts.get(expression) ?? expression)
}

function inlineFilesPlugin(dist: string): Plugin {
  return {
    name: 'inline-files',
    transform: {
      filter: { id: /[\\/]src[\\/].*\.ts$/, code: /readFileSync/ },
      handler: async (code, id) => ({ code: await inlineFiles(code, id, dist), map: null }),
    },
  }
}

/** The oldest Node that can at least read the file far enough to say that it is too old. */
const READABLE_SYNTAX = 'es2022'

/**
 * Import statements are resolved before the first line runs, so an old Node would stop at a module it lacks,
 * showing a page of code. Asked for at run time, they come after the line that checks the version.
 */
export function importBuiltinsAtRunTime(code: string): string {
  return code.replace(
    /\bimport\s*(?:([\w$]+)\s*,?\s*)?(?:\*\s*as\s+([\w$]+)\s*|\{([^}]*)\}\s*)?from\s*["']((?:node:)?[\w/]+)["']\s*;?/g,
    (
      statement,
      whole: string | undefined,
      space: string | undefined,
      names: string | undefined,
      module: string,
    ) => {
      if (!isBuiltin(module)) return statement
      const loaded = `process.getBuiltinModule(${JSON.stringify(module)})`
      const own = [whole, space].flatMap((name) => (name === undefined ? [] : [`const ${name}=${loaded};`]))
      const parts =
        names === undefined
          ? []
          : [`const{${names.replace(/([\w$]+)\s+as\s+([\w$]+)/g, '$1:$2')}}=${loaded};`]
      return [...own, ...parts].join('')
    },
  )
}

/**
 * One letter beyond Latin-1 doubles what V8 keeps of the whole text. Escapes mean the same in every place where our
 * bundles have such letters; nothing uses String.raw.
 */
export function escapeLetters(code: string): string {
  return code.replace(
    /\\?([\u0080-\uffff])/g,
    (_, letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const BANNER = `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error('sovereign needs Node 24 or later; this is Node ' + process.versions.node + '. See https://nodejs.org/en/download.')
  process.exit(1)
}
`

/**
 * Bundles one entry into one file. @param dist holds the built renderer.
 * @throws when something is neither bundled nor known to be optional.
 */
export async function bundle(entry: string, outFile: string, dist = DIST): Promise<BuiltFile> {
  const { output } = await build({
    input: entry,
    platform: 'node',
    external: [...builtinModules, /^node:/, ...LEFT_OUT],
    // jsonc-parser's CommonJS form hides its requires from every bundler.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [inlineFilesPlugin(dist)],
    transform: {
      target: READABLE_SYNTAX,
      // What CommonJS packages know of their place; there is none of theirs left in one file.
      define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    },
    logLevel: 'warn',
    write: false,
    output: {
      format: 'esm',
      codeSplitting: false,
      minify: { compress: true, mangle: false, codegen: true },
    },
  })
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error(`More than one file came out: ${others.map((o) => o.fileName)}`)
  const beside = chunk.imports.filter((name) => !isBuiltin(name) && !isLeftOut(name))
  if (beside.length > 0) throw new Error(`The bundle still needs ${beside.join(', ')}.`)
  await mkdir(dirname(outFile), { recursive: true })
  const code = BANNER + escapeLetters(importBuiltinsAtRunTime(chunk.code))
  await writeFile(outFile, code, { mode: 0o755 })
  return { path: outFile, bytes: (await stat(outFile)).size, gzipBytes: gzipSync(code).length }
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name)
}

function isLeftOut(name: string): boolean {
  return LEFT_OUT.some((left) => (typeof left === 'string' ? left === name : left.test(name)))
}

/** The whole program, and what a relay host and a tunnel server need of it. */
const EDITIONS = {
  sovereign: 'src/cli/main.ts',
  'sovereign-relay': 'src/cli/main-relay.ts',
  'sovereign-tunnel-server': 'src/cli/main-tunnel-server.ts',
} as const

export type Edition = keyof typeof EDITIONS

/** The part of the program that runs on one kind of host. */
export async function buildEdition(
  edition: Exclude<Edition, 'sovereign'>,
  outFile: string,
): Promise<BuiltFile> {
  return await bundle(join(ROOT, EDITIONS[edition]), outFile)
}

/**
 * The whole program in one file, with the dashboard in it.
 * @param dist keeps the dashboard as files besides, which a bridge that runs from the sources serves.
 */
export async function buildProgram(outFile: string, dist?: string): Promise<BuiltFile> {
  // Loaded here, because that module needs this one.
  const { buildRenderer } = await import('./build-renderer.ts')
  const parts = dist ?? (await mkdtemp(join(tmpdir(), 'sovereign-parts-')))
  try {
    await buildRenderer({ outDir: join(parts, 'renderer') })
    await rm(outFile, { force: true })
    return await bundle(join(ROOT, EDITIONS.sovereign), outFile, parts)
  } finally {
    if (parts !== dist) await rm(parts, { recursive: true, force: true })
  }
}

/** Runs the bundle where there is no node_modules folder on the way up. @throws when it does not start. */
export async function proveAlone(file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sovereign-build-'))
  try {
    const copy = join(folder, 'sovereign.mjs')
    await copyFile(file, copy)
    execFileSync(process.execPath, [copy, '--help'], { stdio: ['ignore', 'ignore', 'inherit'] })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`
}

if (import.meta.main) {
  const { values } = parseArgs({
    // One edition to another place; without them all of them to dist.
    options: { out: { type: 'string' }, edition: { type: 'string', default: 'sovereign' } },
  })
  if (values.out === undefined) for (const name of Object.keys(EDITIONS)) await make(name as Edition)
  else if (values.edition in EDITIONS) await make(values.edition as Edition, values.out)
  else throw new Error(`There is no edition ${values.edition}.`)
}

async function make(edition: Edition, out?: string): Promise<void> {
  const outFile = out ?? join(DIST, `${edition}.mjs`)
  const { bytes, gzipBytes } =
    edition === 'sovereign'
      ? await buildProgram(outFile, out === undefined ? DIST : undefined)
      : await buildEdition(edition, outFile)
  await proveAlone(outFile)
  console.log(`${relative(ROOT, outFile)}  ${kib(bytes)}, ${kib(gzipBytes)} compressed`)
}
