import { expect, test } from 'vitest'
import { PullProgress, progressText } from '../../../src/cli/pull-progress.ts'

const GIB = 1024 ** 3
const status = 'pulling ab12ab12ab12'

function written(isTTY: boolean, columns?: number) {
  const pieces: string[] = []
  const output = {
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    write: (text: string) => pieces.push(text),
  }
  return { progress: new PullProgress(output), pieces }
}

test('a download says how far it is', () => {
  expect(progressText({ status, completed: GIB, total: 4 * GIB })).toBe(`${status}  1.0 GiB of 4.0 GiB  25 %`)
  expect(progressText({ status, total: 4 * GIB })).toBe(`${status}  0 B of 4.0 GiB  0 %`)
  expect(progressText({ status, completed: 5 * GIB, total: 4 * GIB })).toContain('100 %')
  expect(progressText({ status: 'success' })).toBe('success')
})

test('on a terminal one line moves, never longer than the terminal, and ends on its own', () => {
  const { progress, pieces } = written(true, 20)
  progress.show({ status, completed: 1, total: 2 })
  progress.show({ status: 'success' })
  progress.close()
  progress.close()
  expect(pieces).toEqual(['\r\u001b[2Kpulling ab12ab12ab…', '\r\u001b[2Ksuccess', '\n'])
})

test('in a file a download is a line for every tenth', () => {
  const { progress, pieces } = written(false)
  for (let completed = 0; completed <= 1000; completed++) progress.show({ status, completed, total: 1000 })
  progress.close()
  expect(pieces).toHaveLength(11)
})

test('what the server says cannot move the cursor', () => {
  const { progress, pieces } = written(false)
  progress.show({ status: 'a\u001b[2Jb' })
  expect(pieces.join('')).not.toContain('\u001b')
})
