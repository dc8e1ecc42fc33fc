// Behaves as systemctl(1) does for one machine below $TOOL_ROOT, and really runs what the units say.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endProcess, isAlive, startProgram } from './run-service.ts'

const ROOT = process.env.TOOL_ROOT ?? ''
const STATE = join(ROOT, 'tool-state')
const FOLDERS = ['etc/systemd/system', 'usr/lib/systemd/system'].map((folder) => join(ROOT, folder))
const [verb = '', ...rest] = process.argv.slice(2)
const unit = rest.filter((word) => !word.startsWith('-')).at(-1) ?? ''

mkdirSync(STATE, { recursive: true })
writeFileSync(join(STATE, 'calls'), `systemctl ${process.argv.slice(2).join(' ')}\n`, { flag: 'a' })

switch (verb) {
  case 'daemon-reload':
    reload()
    break
  case 'reset-failed':
    break
  case 'enable':
    loaded()
    writeFileSync(join(STATE, `${unit}.enabled`), '')
    break
  case 'is-enabled':
    console.log(existsSync(join(STATE, `${unit}.enabled`)) ? 'enabled' : 'disabled')
    if (!existsSync(join(STATE, `${unit}.enabled`))) process.exitCode = 1
    break
  case 'show':
    console.log(pid() ?? 0)
    break
  case 'restart':
    await stop()
    start()
    break
  case 'disable':
    rmSync(join(STATE, `${unit}.enabled`), { force: true })
    if (rest.includes('--now')) await stop()
    break
  default:
    fail(`Unknown command verb ${verb}.`)
}

function fail(words: string): never {
  console.error(words)
  process.exit(1)
}

/** As systemd, which goes by what it read last and not by what is in the files now. */
function reload(): void {
  rmSync(join(STATE, 'loaded'), { recursive: true, force: true })
  mkdirSync(join(STATE, 'loaded'))
  for (const folder of FOLDERS.toReversed()) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!name.endsWith('.service')) continue
      const changes = FOLDERS.flatMap((place) => {
        const parts = join(place, `${name}.d`)
        return existsSync(parts)
          ? readdirSync(parts)
              .sort()
              .map((part) => join(parts, part))
          : []
      })
      const texts = [join(folder, name), ...changes].map((file) => readFileSync(file, 'utf8'))
      writeFileSync(join(STATE, 'loaded', name), texts.join('\n'))
    }
  }
}

function loaded(): string {
  const file = join(STATE, 'loaded', unit)
  if (!existsSync(file)) fail(`Unit file ${unit} does not exist.`)
  return readFileSync(file, 'utf8')
}

function start(): void {
  const environment: Record<string, string> = {}
  let command: string[] = []
  const unset: string[] = []
  for (const line of loaded().split('\n')) {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === 'Environment') {
      const [, name = '', text = ''] = /^"?(\w+)=(.*?)"?$/.exec(value) ?? []
      if (name !== '') environment[name] = text
    }
    if (key === 'UnsetEnvironment') unset.push(...value.split(' '))
    if (key === 'ExecStart') command = value === '' ? [] : value.split(' ')
  }
  for (const name of unset) delete environment[name]
  writeFileSync(join(STATE, `${unit}.environment`), JSON.stringify(environment))
  startProgram(join(STATE, `${unit}.pid`), command, environment, spawn)
}

function pid(): number | undefined {
  const file = join(STATE, `${unit}.pid`)
  const found = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  return found !== undefined && isAlive(found) ? found : undefined
}

async function stop(): Promise<void> {
  const running = pid()
  if (running !== undefined) await endProcess(running)
  rmSync(join(STATE, `${unit}.pid`), { force: true })
}
