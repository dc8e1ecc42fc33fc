import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../../..')

export interface Page {
  /** From the root of the project, with slashes. */
  readonly path: string
  readonly text: string
}

/** Everything that is written for people. */
export function allPages(): Page[] {
  return ['README.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: ROOT }).sort()].map(page)
}

export function page(path: string): Page {
  return { path: path.replaceAll('\\', '/'), text: readFileSync(join(ROOT, path), 'utf8') }
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm

export function withoutFences(text: string): string {
  return text.replaceAll(FENCE, '')
}

/** What stands between fences of a language. */
export function blocksOf(text: string, language: RegExp): string[] {
  return [...text.matchAll(FENCE)]
    .filter(([, , name = '']) => language.test(name))
    .map(([, , , body = '']) => body)
}

/** Lines of shell blocks without their comments, and code inside of sentences. */
export function codeOf(text: string): string[] {
  const lines = blocksOf(text, /^sh$/).flatMap((body) => body.split('\n'))
  const inline = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  return [...lines.map((line) => line.replace(/(^|\s)#.*$/, '').trim()), ...inline].filter(
    (code) => code !== '',
  )
}
