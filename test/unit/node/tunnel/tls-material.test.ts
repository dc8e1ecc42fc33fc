import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readTlsMaterial } from '../../../../src/node/tunnel/tls-material.ts'
import { makeOwnCerts } from '../../../support/make-certs.ts'

test.skipIf(process.platform === 'win32')(
  'what is not a file is refused at once and not waited for',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tls-material-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    const pipe = join(dir, 'pipe')
    const folder = join(dir, 'folder')
    execFileSync('mkfifo', ['-m', '600', pipe])
    await mkdir(folder)
    for (const ca of [pipe, folder])
      await expect(readTlsMaterial({ ca, cert: 'unread', key: 'unread' }, 0)).rejects.toMatchObject({
        code: 'certs.invalid',
        message: `${ca} is not a file.`,
      })
  },
)

test('the key of another certificate is refused with what to do about it', async () => {
  const { ca, issue } = await makeOwnCerts(onTestFinished)
  const [{ cert }, { key }] = [await issue('laptop'), await issue('desk')]
  await expect(readTlsMaterial({ ca, cert, key }, Date.now())).rejects.toMatchObject({
    code: 'certs.invalid',
    message: `${key} is not the key of ${cert}.`,
    remedy: 'Name the certificate and the key that came together, as "sovereign certs export" writes them.',
  })
})
