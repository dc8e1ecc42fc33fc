import { relayCommand } from './commands/relay.ts'
import { usageCommand } from './commands/usage.ts'
import { runProgram } from './run-program.ts'

// What a relay host needs, and nothing else: a third of the memory is that of code that is never called there.
await runProgram({ commandsFor: async () => [relayCommand(), usageCommand()] })
