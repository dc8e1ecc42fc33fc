import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

const APP = new URL('../../support/electron/app.ts', import.meta.url).href

/** Asks for the lock when it is told to, and tells what it got and who came after. */
const PROGRAM = `import { app } from ${JSON.stringify(APP)}
app.on('second-instance', (_event, argv) => process.send({ cameAfter: argv[2] }))
process.once('message', () => process.send({ isFirst: app.requestSingleInstanceLock() }))
process.send({ isReady: true })
`

interface Told {
  readonly isReady?: boolean
  readonly isFirst?: boolean
  readonly cameAfter?: string
}

interface Instance {
  /** @returns whether it is the only one. */
  ask(): Promise<boolean>
  /** Names of those who came after. */
  readonly later: string[]
  kill(): Promise<void>
}

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'instances-'))
  await writeFile(join(home, 'package.json'), JSON.stringify({ productName: 'App', version: '1.0.0' }))
  await writeFile(join(home, 'app.mjs'), PROGRAM)
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

async function startInstance(name: string): Promise<Instance> {
  const child = spawn(process.execPath, [join(home, 'app.mjs'), name], {
    env: { ...process.env, XDG_CONFIG_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  const later: string[] = []
  child.on('message', ({ cameAfter }: Told) => {
    if (cameAfter !== undefined) later.push(cameAfter)
  })
  await told(child, ({ isReady }) => isReady)
  return {
    later,
    kill,
    ask: () => {
      child.send('ask')
      return told(child, ({ isFirst }) => isFirst)
    },
  }
}

function told<Value>(child: ChildProcess, pick: (message: Told) => Value | undefined): Promise<Value> {
  return new Promise((resolve) => {
    const look = (message: Told): void => {
      const value = pick(message)
      if (value === undefined) return
      child.off('message', look)
      resolve(value)
    }
    child.on('message', look)
  })
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

describe.skipIf(process.platform === 'win32')('of instances of one app that start at the same time', () => {
  test('one is the first, and learns of all others', async () => {
    await raceFor(await Promise.all(NAMES.map(startInstance)))
  }, 60_000)

  test('one is the first after another was killed', async () => {
    const killed = await startInstance('killed')
    expect(await killed.ask()).toBe(true)
    const instances = await Promise.all(NAMES.map(startInstance))
    await killed.kill()
    await raceFor(instances)
  }, 60_000)
})

async function raceFor(instances: readonly Instance[]): Promise<void> {
  const answers = await Promise.all(instances.map((instance) => instance.ask()))
  expect(answers.filter((isFirst) => isFirst)).toHaveLength(1)
  const first = instances[answers.indexOf(true)]
  const others = NAMES.filter((_name, index) => !answers[index])
  await expect.poll(() => first?.later.toSorted(), { timeout: 10_000 }).toEqual(others)
}
