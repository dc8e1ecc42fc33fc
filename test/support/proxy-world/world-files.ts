import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Dump, Teardown } from './proxy-world.ts'

const TOOLS = fileURLToPath(new URL('../system-tools/', import.meta.url))

export async function makeDir(teardown: Teardown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'proxy-'))
  teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function putTool(tool: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await copyFile(join(TOOLS, tool), path)
  await chmod(path, 0o755)
}

export async function writeAll(dir: string, files: Dump): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
}

/** File names and their contents, without the last line break. */
export async function readAll(dir: string): Promise<Dump> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  const texts = await Promise.all(
    files.map(
      async (file) => [file.slice(dir.length + 1), (await readFile(file, 'utf8')).trimEnd()] as const,
    ),
  )
  return Object.fromEntries(texts.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether a tool of a desktop is on this machine. */
export function isThere(tool: string, ...args: string[]): boolean {
  try {
    execFileSync(tool, args.length === 0 ? ['--help'] : args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
