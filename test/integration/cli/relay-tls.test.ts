import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { startAuthority } from '../../support/make-certificates.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

test.skipIf(process.platform === 'win32')(
  'sovereign relay takes certificate and key as options, and SIGHUP makes it read them again',
  async () => {
    const authority = await startAuthority(onTestFinished)
    const dir = await mkdtemp(join(tmpdir(), 'relay-tls-'))
    const files = [join(dir, 'cert.pem'), join(dir, 'key.pem')] as const
    const put = async (): Promise<void> => {
      const { cert, key } = await authority.make()
      await copyFile(cert, files[0])
      await copyFile(key, files[1])
    }
    await put()
    const relay = runSovereign(
      ['relay', '--port', '0', '--data-dir', dir, '--tls-cert', files[0], '--tls-key', files[1]],
      { CONFIG_PATH: join(dir, 'config.json') },
    )
    onTestFinished(async () => {
      await relay.stop()
      await rm(dir, { recursive: true, force: true })
    })
    const port = await relay.line((line) => /https:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1], 'address')
    const shown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    const before = await shown()
    await put()
    relay.child.kill('SIGHUP')
    await expect.poll(shown, { timeout: 10_000 }).not.toBe(before)
    expect(relay.stderr()).toContain('the TLS certificate was renewed')
    expect(await relay.stop()).toBe(0)
  },
)
