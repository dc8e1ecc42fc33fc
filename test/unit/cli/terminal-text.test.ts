import { expect, test } from 'vitest'
import { plainText } from '../../../src/cli/terminal-text.ts'

test.each([
  ['\u001b[2J\u001b]0;owned\u0007', '�[2J�]0;owned�'],
  ['a\r\nb\tc', 'a� b c'],
  ['\u202Eexe.txt\u2066\u200B', '�exe.txt��'],
  ['\u009B31m', '�31m'],
  ['z\u0301\u0301\u0301\u0301\u0301', 'ź\u0301\u0301'],
  ['東京 Zürich עברית', '東京 Zürich עברית'],
])('what others wrote: %j is shown as %j', (text, shown) => {
  expect(plainText(text)).toBe(shown)
})
