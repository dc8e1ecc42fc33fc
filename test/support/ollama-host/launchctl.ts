// Behaves as launchctl(1) does for the daemons of a Mac below $TOOL_ROOT, and really runs them.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { endProcess, isAlive, startProgram } from './run-service.ts'

const daemonSchema = z.looseObject({
  Label: z.string(),
  ProgramArguments: z.array(z.string()),
  EnvironmentVariables: z.record(z.string(), z.string()).default({}),
  RunAtLoad: z.boolean().default(false),
})
const READ_PLIST = 'import sys,plistlib,json; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)'

const ROOT = process.env.TOOL_ROOT ?? ''
const STATE = join(ROOT, 'tool-state')
const [verb = '', place = '', path = ''] = process.argv.slice(2)
const label = place.replace(/^system\//, '')

mkdirSync(STATE, { recursive: true })
writeFileSync(join(STATE, 'calls'), `launchctl ${process.argv.slice(2).join(' ')}\n`, { flag: 'a' })

switch (verb) {
  case 'enable':
    break
  case 'bootstrap': {
    if (!existsSync(join(ROOT, path))) fail('Bootstrap failed: 5: Input/output error')
    const input = readFileSync(join(ROOT, path))
    const daemon = daemonSchema.parse(
      JSON.parse(execFileSync('python3', ['-c', READ_PLIST], { input, encoding: 'utf8' })),
    )
    if (existsSync(stateOf(daemon.Label))) fail('Bootstrap failed: 37: Operation already in progress')
    writeFileSync(stateOf(daemon.Label), '0')
    if (daemon.RunAtLoad)
      startProgram(stateOf(daemon.Label), daemon.ProgramArguments, daemon.EnvironmentVariables, spawn)
    break
  }
  case 'bootout': {
    const pid = known()
    if (pid > 0) await endProcess(pid)
    rmSync(stateOf(label))
    break
  }
  case 'print': {
    const pid = known()
    const isUp = pid > 0 && isAlive(pid)
    console.log(
      `system/${label} = {\n\tstate = ${isUp ? 'running' : 'not running'}\n${isUp ? `\tpid = ${pid}\n` : ''}}`,
    )
    break
  }
  default:
    fail(`Unrecognized subcommand: ${verb}`)
}

function stateOf(name: string): string {
  return join(STATE, `${name}.job`)
}

function known(): number {
  if (!existsSync(stateOf(label))) fail(`Could not find service "${label}" in domain for system`)
  return Number(readFileSync(stateOf(label), 'utf8'))
}

function fail(words: string): never {
  console.error(words)
  process.exit(113)
}
