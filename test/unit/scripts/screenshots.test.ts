import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TRAY } from '../../../scripts/scenes/tray.ts'
import { SCENES, shotsOf, trayShotsOf } from '../../../scripts/screenshots.ts'
import { trayPicture } from '../../../scripts/tray-picture.ts'
import { trayModel } from '../../../src/main/desktop/tray-menu.ts'
import { TRAY_ICONS } from '../../../src/main/desktop/tray-status.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/screenshots')
const WANTED = [...SCENES.flatMap(shotsOf), ...TRAY.flatMap(trayShotsOf)].map(({ file }) => file)

test('no two scenes write the same picture', () => {
  expect(WANTED.length).toBe(new Set(WANTED).size)
})

test('every window has a picture in light and dark, and none is left of a scene that is gone', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...WANTED].sort())
})

test('the menu of the tray is drawn in every state of the icon, and every line of it is there', () => {
  const models = TRAY.map((scene) => ({ scene, ...trayModel(scene.state, scene.extras) }))
  expect(new Set(models.map(({ icon }) => icon))).toEqual(new Set(TRAY_ICONS))
  expect(models.some(({ hasBadge }) => hasBadge)).toBe(true)
  for (const { items, scene } of models) {
    const drawn = trayPicture(scene)
    for (const item of items)
      if (item.kind !== 'separator') expect(drawn).toContain(`<span>${item.label}</span>`)
  }
})
