// `npm run deploy:aws -- --cidr 203.0.113.7/32` builds the functions and deploys everything; docs/tunnel-aws.md.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildFunctions } from '../../../scripts/build-functions.ts'
import { NETWORK_PATTERN } from './options.ts'
import { summaryOf } from './summary.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const TEXT = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    cidr: TEXT,
    name: TEXT,
    image: TEXT,
    allow: TEXT,
    agents: TEXT,
    port: TEXT,
    'idle-minutes': TEXT,
    'max-lifetime-minutes': TEXT,
    'reserve-concurrency': TEXT,
    'alarm-email': TEXT,
    profile: TEXT,
    output: { type: 'string', default: 'dist' },
    bootstrap: { type: 'boolean', default: false },
    destroy: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
})
const output = resolve(ROOT, values.output)
const functions = join(output, 'functions')
const assembly = join(output, 'cdk.out')

function run(program: string, args: readonly string[], cwd: string): void {
  console.log(`> ${[program, ...args].join(' ')}`)
  const { status } = spawnSync(program, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    // What anybody deploys is nobody else's business.
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  })
  if (status !== 0) process.exit(status ?? 1)
}

/** Options of ours are context of the app: `--idle-minutes 30` is `-c idleMinutes=30`. */
function context(): string[] {
  const { cidr, profile, output: _, bootstrap, destroy, 'dry-run': dryRun, ...others } = values
  return Object.entries({ ...others, functions }).flatMap(([name, value]) => {
    const key = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    return ['-c', `${key}=${value}`]
  })
}

function cdk(...args: readonly string[]): void {
  const profile = values.profile === undefined ? [] : ['--profile', values.profile]
  const program = `node_modules/.bin/cdk${process.platform === 'win32' ? '.cmd' : ''}`
  run(program, [...args, '--output', assembly, ...profile, ...context()], HERE)
}

/** Options that nothing can be done with. */
function complaint(): string | undefined {
  const { cidr, destroy, bootstrap, 'dry-run': isDry } = values
  if (isDry && (destroy || bootstrap)) return '--dry-run changes nothing: leave out --destroy and --bootstrap'
  if (cidr === undefined && !destroy && !isDry)
    return 'Say with --cidr from which network agents come, such as --cidr 203.0.113.7/32'
  if (cidr !== undefined && !new RegExp(NETWORK_PATTERN).test(cidr))
    return `--cidr has to be a network such as 203.0.113.7/32, and "${cidr}" is none`
  return undefined
}

/** Makes the template as a deployment would, and says what is in it: no call of AWS, no credentials. */
function showOnly(): void {
  cdk('synth', '--quiet', '--no-notices', '--no-lookups')
  const path = join(assembly, 'SovereignTunnel.template.json')
  console.log(`\n${summaryOf(JSON.parse(readFileSync(path, 'utf8')))}`)
  console.log(`\nNothing was created, and AWS was not asked. The template: ${path}`)
}

const mistake = complaint()
if (mistake !== undefined) {
  console.error(mistake)
  process.exit(2)
}
if (!existsSync(`${HERE}node_modules/aws-cdk-lib`)) run('npm', ['ci', '--no-audit', '--no-fund'], HERE)
await buildFunctions(functions)
// The image is made of the program in one file.
if (values.image === undefined && !values.destroy) run(process.execPath, ['scripts/build.ts'], ROOT)
if (values.bootstrap) cdk('bootstrap')
if (values.destroy) cdk('destroy', '--force')
else if (values['dry-run']) showOnly()
else
  cdk(
    'deploy',
    '--parameters',
    `IngressCidr=${values.cidr}`,
    '--outputs-file',
    join(output, 'tunnel-aws.json'),
  )
