import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type BareMachine, makeBareMachine } from './bare-machine.ts'
import { type SetupServer, startSetupServer } from './start-setup-server.ts'

export interface SetupWorld {
  readonly server: SetupServer
  /** That is to be set up. */
  readonly machine: BareMachine
}

/** A client kit and a machine to try it on; both end with the test. */
export async function startSetupWorld(): Promise<SetupWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'setup-data-'))
  const server = await startSetupServer(dataDir)
  const machine = await makeBareMachine()
  onTestFinished(async () => {
    await server.close()
    await machine.remove()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { server, machine }
}
