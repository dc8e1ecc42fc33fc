import type { Command } from 'commander'

type Load = () => Promise<readonly Command[]>

const bridgeControl: Load = async () => (await import('./commands/bridge-control.ts')).bridgeControlCommands()

/** In the order of the help. Each brings its part of the program along, so only what is called is loaded. */
const GROUPS: readonly (readonly [names: readonly string[], load: Load])[] = [
  [['bridge'], async () => [(await import('./commands/bridge.ts')).bridgeCommand()]],
  [['status', 'connect', 'disconnect', 'retry', 'use-port', 'prompts', 'vpn', 'tunnel'], bridgeControl],
  [['certs'], async () => [(await import('./commands/certs.ts')).certsCommand()]],
  [['dashboard'], async () => [(await import('./commands/dashboard.ts')).dashboardCommand()]],
  [['doctor'], async () => [(await import('./commands/doctor.ts')).doctorCommand()]],
  [['ollama'], async () => [(await import('./commands/ollama.ts')).ollamaCommand()]],
  [['perimeter'], async () => [(await import('./commands/perimeter.ts')).perimeterCommand()]],
  [['relay'], async () => [(await import('./commands/relay.ts')).relayCommand()]],
  [['tunnel-server'], async () => [(await import('./commands/tunnel-server.ts')).tunnelServerCommand()]],
  [['usage'], async () => [(await import('./commands/usage.ts')).usageCommand()]],
]

/** Every command of `sovereign`. */
export async function allCommands(): Promise<Command[]> {
  return (await Promise.all(GROUPS.map(([, load]) => load()))).flat()
}

/** Those that a call needs: all of them where it wants help, or something that there is not. */
export async function commandsFor(args: readonly string[]): Promise<readonly Command[]> {
  const group = GROUPS.find(([names]) => names.includes(args[0] ?? ''))
  return group === undefined ? allCommands() : group[1]()
}
