import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { NO_INFRA } from '../../support/infra-packages.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
if (NO_INFRA !== undefined) console.warn(NO_INFRA)

/** The command as a user types it, on a machine that knows nothing of AWS. */
async function deploy(...args: readonly string[]) {
  const home = await makeTempDir('home-')
  const env = { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true' }
  return spawnSync('npm', ['run', 'deploy:aws', '--', ...args], { cwd: ROOT, env, encoding: 'utf8' })
}

test.skipIf(NO_INFRA !== undefined)(
  'a dry run makes the template in a folder, says what is in it, and needs no AWS',
  { timeout: 120_000 },
  async () => {
    const output = await makeTempDir('deployment-')
    const options = ['--image', 'example.com/tunnel:1', '--agents', 'laptop,desktop', '--idle-minutes', '30']
    const { status, stdout, stderr } = await deploy('--dry-run', ...options, '--output', output)
    expect({ status, stderr }).toMatchObject({ status: 0 })
    expect(stdout).toMatch(/^ +1 {2}AWS::ECS::Service +sovereign-tunnel-server$/m)
    expect(stdout).toMatch(
      /^ +2 {2}AWS::IAM::ManagedPolicy +sovereign-tunnel-agent-laptop, sovereign-tunnel-agent-desktop$/m,
    )
    expect(stdout).toMatch(/^It would ask for: IngressCidr$/m)
    const path = join(output, 'cdk.out/SovereignTunnel.template.json')
    expect(stdout).toContain(`Nothing was created, and AWS was not asked. The template: ${path}\n`)

    const { Resources: resources } = JSON.parse(await readFile(path, 'utf8')) as {
      Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
    }
    const all = (type: string) => Object.values(resources).filter(({ Type }) => Type === type)
    expect(all('AWS::ECS::Service')[0]?.Properties).toMatchObject({ DesiredCount: 0 })
    expect(JSON.stringify(all('AWS::ECS::TaskDefinition'))).toContain('"Image":"example.com/tunnel:1"')
    const sleep = all('AWS::Lambda::Function').find(({ Properties }) =>
      String(Properties.FunctionName).endsWith('-sleep'),
    )
    expect(JSON.stringify(sleep)).toMatch(/"\w*IDLE\w*":"30"/)
    expect(all('AWS::CDK::Metadata')).toEqual([])
    for (const name of ['wake', 'query', 'kill', 'sleep'])
      expect(existsSync(join(output, 'functions', name, 'index.mjs'))).toBe(true)
  },
)

test.each([
  ['nothing', [], 'Say with --cidr from which network'],
  ['a network that is none', ['--cidr', '203.0.113.7'], '--cidr has to be a network'],
  ['a dry run that takes everything away', ['--dry-run', '--destroy'], '--dry-run changes nothing'],
  ['a dry run that prepares an account', ['--dry-run', '--bootstrap'], '--dry-run changes nothing'],
])('%s is refused before anything is built or asked', async (_, args, words) => {
  const { status, stdout, stderr } = await deploy(...args)
  expect(status).toBe(2)
  expect(stderr).toContain(words)
  expect(stdout).not.toMatch(/^> \S*(?:cdk|npm ci)/m)
})
