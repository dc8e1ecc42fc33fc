import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES, shotsOf } from '../../../scripts/screenshots.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/screenshots')
const WANTED = SCENES.flatMap(shotsOf).map(({ file }) => file)

test('no two scenes write the same picture', () => {
  expect(WANTED.length).toBe(new Set(WANTED).size)
})

test('every window has a picture in light and dark, and none is left of a scene that is gone', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...WANTED].sort())
})
