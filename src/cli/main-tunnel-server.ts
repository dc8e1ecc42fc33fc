import { tunnelServerCommand } from './commands/tunnel-server.ts'
import { runProgram } from './run-program.ts'

await runProgram({ commandsFor: async () => [tunnelServerCommand()] })
