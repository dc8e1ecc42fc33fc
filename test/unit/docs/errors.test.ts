import { expect, test } from 'vitest'
import { errorsPage } from '../../../scripts/errors-page.ts'
import { ERROR_CODES } from '../../../src/shared/errors/codes.ts'
import { page } from './pages.ts'

const { text } = page('docs/errors.md')
const documented = [...text.matchAll(/^\| `([\w.-]+\.[\w.-]+)` \|/gm)].map(([, code = '']) => code)

test('every error code is documented', () => {
  expect(Object.keys(ERROR_CODES).filter((code) => !documented.includes(code))).toEqual([])
})

test('no error code is documented that does not exist, and none twice', () => {
  expect(documented.filter((code) => !Object.hasOwn(ERROR_CODES, code))).toEqual([])
  expect(new Set(documented).size).toBe(documented.length)
})

test('the page of errors says what the tables say', () => {
  expect(text, 'run: node scripts/errors-page.ts').toBe(errorsPage())
})
