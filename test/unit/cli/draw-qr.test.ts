import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { drawQr } from '../../../src/cli/draw-qr.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

async function makeProgram(script: string): Promise<string> {
  const folder = await makeTempDir('qr-')
  const path = join(folder, 'qr')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o700)
  return path
}

test('what the code says goes in by standard input, and no argument holds it', async () => {
  const program = await makeProgram('echo "$@"; cat')
  expect(await drawQr('the secret', program)).toBe('--type ansiutf8\nthe secret')
})

test('a program that is not there and one that fails are told apart', async () => {
  await expect(drawQr('x', '/nowhere/qrencode')).rejects.toMatchObject({
    code: 'perimeter.no-qr',
    message: expect.stringContaining('is not installed'),
  })
  const failing = await makeProgram('exit 3')
  await expect(drawQr('x'.repeat(200_000), failing)).rejects.toThrow('status 3')
})
