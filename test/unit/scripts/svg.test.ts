import { expect, test } from 'vitest'
import { elementsById, readSvg } from '../../../scripts/svg-elements.ts'
import { shapeOf } from '../../../scripts/svg-shapes.ts'

/** The inside of the group called `it`, sampled in the middle of 8 × 8 squares. */
function picture(inside: string, definitions = ''): string[] {
  const ids = elementsById(readSvg(`<svg><defs>${definitions}</defs><g id="it">${inside}</g></svg>`))
  const it = ids.get('it')
  if (it === undefined) throw new Error('The group was read.')
  const shape = shapeOf(it, ids)
  return Array.from({ length: 8 }, (_row, y) =>
    Array.from({ length: 8 }, (_column, x) => (shape(x + 0.5, y + 0.5) ? '#' : '.')).join(''),
  )
}

test('shapes cover what they cover in a browser', () => {
  expect(picture('<rect x="1" y="1" width="2" height="2"/><circle cx="6" cy="2" r="1.2"/>')).toEqual([
    '........',
    '.##..##.',
    '.##..##.',
    '........',
    '........',
    '........',
    '........',
    '........',
  ])
  expect(picture('<polygon points="4,0 0,8 8,8"/>').map((row) => row.replaceAll('.', '').length)).toEqual([
    0, 2, 2, 4, 4, 6, 6, 8,
  ])
})

test('a mask shows what is painted white on top, and steps of a transform move what they hold', () => {
  const mask =
    '<mask id="m"><rect x="0" y="0" width="8" height="8" fill="white"/><circle cx="4" cy="4" r="2" fill="black"/></mask>'
  expect(picture('<rect x="0" y="3" width="8" height="1" mask="url(#m)"/>', mask)[3]).toBe('##....##')
  const moved = '<rect x="0" y="0" width="1" height="1" transform="translate(2 2) scale(3)"/>'
  expect(picture(moved)).toEqual([
    ...Array<string>(2).fill('........'),
    ...Array<string>(3).fill('..###...'),
    ...Array<string>(3).fill('........'),
  ])
})

test.each([
  ['<path d="M0 0"/>', '<path> is not drawn here.'],
  ['<use href="#nowhere"/>', 'Nothing is called #nowhere.'],
  ['<rect x="0" y="0" width="2"/>', '<rect> needs height as a number.'],
  ['<line x1="0" y1="0" x2="1" y2="1" stroke-width="1"/>', 'Lines have round ends here.'],
])('what it does not draw is refused by name: %s', (inside, message) => {
  expect(() => picture(inside)).toThrow(message)
})

test.each(['', '<g></g>', '<svg><g></svg>', '<svg>'])(
  'a text that is no whole SVG is refused: %s',
  (text) => {
    expect(() => readSvg(text)).toThrow()
  },
)
