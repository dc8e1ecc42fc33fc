import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { CHROMIUM } from '../../support/electron/chromium.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const run = promisify(execFile)
const DEMO = fileURLToPath(new URL('../../../scripts/demo-tunnel.ts', import.meta.url))
const GREETING = 'This page came through a tunnel with mutual TLS.'

test('the demo of the tunnel proves itself and leaves', async () => {
  const { stdout, stderr } = await run(process.execPath, [DEMO, '--once'])
  expect(stderr).toBe('')
  expect(stdout).toContain(`  ${GREETING}\n`)
  expect(stdout).toMatch(/✓ Tunnel +woken by that request, connected to 127\.0\.0\.1:\d+ over HTTP\/2/)
}, 60_000)

/** A demo that goes on, once it has printed what to do next. @returns the commands by what they are for. */
async function startDemo(): Promise<ReadonlyMap<string, string>> {
  const demo = spawn(process.execPath, [DEMO], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(demo, 'exit')
  onTestFinished(async () => {
    demo.kill('SIGINT')
    await exited
  })
  const commands = new Map<string, string>()
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, what = '', command = ''] = /^ {4}(\S.*?) {2,}(\S.*)$/.exec(line) ?? []
    if (what !== '') commands.set(what, command)
    if (line.includes('Ctrl-C')) break
  }
  return commands
}

test('Chromium shows the page by the very command that the demo prints', async (context) => {
  if (CHROMIUM === undefined) return context.skip('NOT TESTED: this machine has no Chromium')
  const dir = await makeTempDir('demo-browser-')
  await symlink(CHROMIUM, join(dir, 'chromium'))
  const commands = await startDemo()
  const command = commands.get('This page') ?? ''
  const [, host] =
    /^chromium .*--proxy-server=http:\/\/127\.0\.0\.1:\d+ .*http:\/\/(\S+)\/$/.exec(command) ?? []
  const more = [
    // To see a window there would have to be a screen, and somebody who looks at it.
    ...['--headless=new', '--disable-gpu', '--disable-dev-shm-usage', '--dump-dom'],
    // Whoever has a proxy does not look hosts up: so by itself it does not get to the page.
    `'--host-resolver-rules=MAP ${host} ~NOTFOUND'`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  const { stdout } = await run('sh', ['-c', `${command} ${more.join(' ')}`], {
    env: { ...process.env, PATH: `${dir}${delimiter}${process.env.PATH}`, TMPDIR: dir },
  })
  expect(stdout).toContain(`<h1>${GREETING}</h1>`)
  // The other command leads to the internet, which not every machine has; it is the same but for that.
  const proxied = (text = ''): string | undefined => /--user-data-dir=\S+ --proxy-server=\S+/.exec(text)?.[0]
  expect(proxied(commands.get('Browse through it'))).toBe(proxied(command))
}, 90_000)
