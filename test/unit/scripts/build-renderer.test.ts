import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildRenderer } from '../../../scripts/build-renderer.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sovereign-renderer-'))
  await buildRenderer({ outDir: folder })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the windows are three files', async () => {
  expect((await readdir(folder)).sort()).toEqual(['app.css', 'app.js', 'index.html'])
})

test('the page allows nothing that is not its own, and has no script or style in it', async () => {
  const html = await readFile(join(folder, 'index.html'), 'utf8')
  expect(html).toMatch(
    /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'/,
  )
  expect(html).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\bon\w+=|unsafe-/)
})

test('the styles of the design system come before those of the views', async () => {
  const css = await readFile(join(folder, 'app.css'), 'utf8')
  const places = [':root', 'box-sizing', '.status-headline'].map((text) => css.indexOf(text))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places).not.toContain(-1)
})

test('the script asks for no other file and evaluates no text', async () => {
  const js = await readFile(join(folder, 'app.js'), 'utf8')
  expect(js).not.toMatch(/\bimport\s*[("'{*]|\bnew Function\(|[^.\w]eval\(/)
})
