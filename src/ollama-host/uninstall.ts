import { rm } from 'node:fs/promises'
import { writeFileAtomic } from '../node/atomic-file.ts'
import { type FoundService, findService } from './find-service.ts'
import { type HostMachine, on } from './host-machine.ts'
import { mustBeRoot, supported } from './prepare.ts'
import { type HostStep, runSteps, type Say } from './steps.ts'

/** Stops the service and takes its files away; the program, the models, the account and the logs stay. */
export async function uninstallOllama(machine: HostMachine, say: Say): Promise<void> {
  supported(machine)
  const found = await findService(machine)
  if (found === undefined || found.files.length === 0) {
    say('No Ollama service of Sovereign Bridge is installed here; nothing to remove.')
    return
  }
  mustBeRoot(machine)
  await runSteps(await removal(machine, found), say)
  say('The program, the models, the account and the logs stay where they are.')
}

async function removal(machine: HostMachine, { control, files, kind }: FoundService): Promise<HostStep[]> {
  const isRunning = (await control.pid()) !== undefined
  const stop: HostStep = {
    title: `service ${control.name}`,
    run: async () => {
      await control.stop()
      return 'stopped'
    },
  }
  return [
    {
      title: 'service manager',
      run: async () => undefined,
      undo: async () => {
        await control.reload()
        if (isRunning) await control.start()
      },
    },
    // What Ollama's installer has set up runs on without our changes.
    ...(kind === 'own' ? [stop] : []),
    ...files.map((file) => removeStep(machine, file)),
    {
      title: 'files read anew',
      run: async () => {
        await control.reload()
        if (kind === 'own' || !isRunning) return undefined
        await control.start()
        return `${control.name} runs again as it was set up before`
      },
    },
  ]
}

function removeStep(machine: HostMachine, { path, content }: FoundService['files'][number]): HostStep {
  return {
    title: path,
    run: async () => {
      await rm(on(machine, path), { force: true })
      return 'removed'
    },
    undo: () => writeFileAtomic(on(machine, path), content, 0o644),
  }
}
