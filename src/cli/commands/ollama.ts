import { Command } from 'commander'
import { ollamaModelCommands } from './ollama-models.ts'
import { ollamaServiceCommands } from './ollama-service.ts'
import { ollamaWarmCommand } from './ollama-warm.ts'

/** `sovereign ollama …`: a model server of one's own, and the machine that it runs on. */
export function ollamaCommand(): Command {
  const command = new Command('ollama').description(
    'run Ollama on a machine of your own, and manage the one of the relay',
  )
  for (const part of [...ollamaServiceCommands(), ollamaWarmCommand(), ...ollamaModelCommands()])
    command.addCommand(part)
  return command
}
