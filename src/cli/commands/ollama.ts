import { Command } from 'commander'
import { ollamaServiceCommands } from './ollama-service.ts'
import { ollamaWarmCommand } from './ollama-warm.ts'

/** `sovereign ollama …`: a model server of one's own, and the machine that it runs on. */
export function ollamaCommand(): Command {
  const command = new Command('ollama').description(
    'run Ollama on a machine of your own, bound to one address',
  )
  for (const part of [...ollamaServiceCommands(), ollamaWarmCommand()]) command.addCommand(part)
  return command
}
