import { expect, test } from 'vitest'
import { runSovereign } from '../../support/sovereign-process.ts'
import { startOllama } from '../../support/start-ollama.ts'

async function sovereign(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = runSovereign(['ollama', ...args], env)
  return { code: await run.finished, out: run.stdout(), err: run.stderr() }
}

test('serve-config prints each file with its place', async () => {
  const linux = await sovereign([
    'serve-config',
    '--platform',
    'linux',
    '--bind',
    '192.168.250.20',
    '--no-cloud',
  ])
  expect(linux.code).toBe(0)
  expect(linux.out).toMatch(/^# \/etc\/systemd\/system\/sovereign-ollama\.service\n/)
  expect(linux.out).toContain('Environment=OLLAMA_NO_CLOUD=1\n')
  const mac = await sovereign(['serve-config', '--platform', 'darwin', '--bind', '127.0.0.1'])
  expect(mac.out.match(/^<!-- \/Library\/LaunchDaemons\/.*$/gm)).toHaveLength(2)
  expect(mac.err).toContain('reached from that machine alone')
})

test('an address for everybody ends with the reason and status 1', async () => {
  for (const bind of ['0.0.0.0', '::', '[::]']) {
    const { code, err, out } = await sovereign(['serve-config', '--bind', bind])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/every network this machine is in[\s\S]*Ollama has no login/)
  }
})

test('status tells of the Ollama that OLLAMA_HOST names, and fails where none answers', async () => {
  const ollama = await startOllama()
  const env = { OLLAMA_HOST: new URL(ollama.url).host }
  const { code, out } = await sovereign(['status'], env)
  expect(code).toBe(0)
  expect(out).toMatch(/Version +0\.33\.0/)
  expect(out).toMatch(/Open at +127\.0\.0\.1\n/)
  expect(out).toMatch(/Loaded +qwen3:8b: context of 4096 tokens/)
  expect(out).toMatch(/OLLAMA_CONTEXT_LENGTH to 65536/)
  await ollama.close()
  const json = await sovereign(['status', '--json'], env)
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({ kind: 'none', problems: [{ code: 'ollama.not-running' }] })
})
