// `npm run deploy:aws -- --cidr 203.0.113.7/32` builds the functions and deploys everything; docs/tunnel-aws.md.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

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
    bootstrap: { type: 'boolean', default: false },
    destroy: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
})

function run(program: string, args: readonly string[], cwd: string): void {
  console.log(`> ${[program, ...args].join(' ')}`)
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

/** Options of ours are context of the app: `--idle-minutes 30` is `-c idleMinutes=30`. */
function context(): string[] {
  const { cidr, profile, bootstrap, destroy, 'dry-run': dryRun, ...others } = values
  return Object.entries(others).flatMap(([name, value]) => {
    const key = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    return ['-c', `${key}=${value}`]
  })
}

function cdk(...args: readonly string[]): void {
  const profile = values.profile === undefined ? [] : ['--profile', values.profile]
  const program = `node_modules/.bin/cdk${process.platform === 'win32' ? '.cmd' : ''}`
  run(program, [...args, ...profile, ...context()], HERE)
}

if (values.cidr === undefined && !values.destroy && !values['dry-run']) {
  console.error('Say with --cidr from which network agents come, such as --cidr 203.0.113.7/32')
  process.exit(2)
}
if (!existsSync(`${HERE}node_modules/aws-cdk-lib`)) run('npm', ['ci', '--no-audit', '--no-fund'], HERE)
run(process.execPath, ['scripts/build-functions.ts'], ROOT)
// The image is made of the program in one file.
if (values.image === undefined && !values.destroy) run(process.execPath, ['scripts/build.ts'], ROOT)
if (values.bootstrap) cdk('bootstrap')
if (values.destroy) cdk('destroy', '--force')
else if (values['dry-run']) cdk('synth', '--quiet')
else
  cdk('deploy', '--parameters', `IngressCidr=${values.cidr}`, '--outputs-file', `${ROOT}dist/tunnel-aws.json`)
