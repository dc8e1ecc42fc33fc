import { existsSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { allPages, codeOf, page, ROOT, withoutFences } from './pages.ts'

/** Anchors that a heading gets on the usual hosts of Git repositories. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function linksOf(text: string): string[] {
  const plain = withoutFences(text)
  const marked = [
    ...plain.matchAll(/\]\(([^)\s]+)\)/g),
    ...plain.matchAll(/\b(?:src|srcset|href)="([^"]+)"/g),
  ]
  return marked.map(([, target = '']) => target)
}

function isBroken(from: string, link: string): boolean {
  if (/^https?:/.test(link)) return false
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? from : posix.join(dirname(from), file)
  if (!existsSync(join(ROOT, target))) return true
  return anchor !== undefined && !anchorsOf(page(target).text).has(anchor)
}

test.each(allPages())('every link of $path leads to a file and a heading that exist', ({ path, text }) => {
  expect(linksOf(text).filter((link) => isBroken(path, link))).toEqual([])
})

test('links to missing files and headings would be noticed', () => {
  expect(linksOf('<img src="a.png"> and [b](b.md)')).toEqual(['b.md', 'a.png'])
  expect(isBroken('docs/ssh.md', 'nowhere.md')).toBe(true)
  expect(isBroken('docs/ssh.md', 'relay.md#nowhere')).toBe(true)
  expect(isBroken('docs/ssh.md', 'relay.md#usage')).toBe(false)
})

test('the README leads to every page', () => {
  const linked = new Set(linksOf(page('README.md').text).map((link) => link.split('#')[0]))
  const pages = allPages().map(({ path }) => path)
  expect(pages.filter((path) => path !== 'README.md' && !linked.has(path))).toEqual([])
})

test.each(allPages())('every file of the project that $path names in code exists', ({ text }) => {
  const named = codeOf(text).flatMap(
    (code) => code.match(/\b(?:src|scripts|test|bench|docker|docs)\/[\w./-]+/g) ?? [],
  )
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test('the README fits on a few screens and has one command to start and one to test', () => {
  const { text } = page('README.md')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  expect(codeOf(text).filter((code) => code.startsWith('npm ci'))).toEqual([
    'npm ci && npm start',
    'npm ci && npm test',
  ])
})
