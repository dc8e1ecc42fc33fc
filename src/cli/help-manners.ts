import type { Command } from 'commander'

/** Every command answers mistakes and questions alike; settings are not handed down to those that are added. */
export function setHelpManners(command: Command, name: string): void {
  command.showHelpAfterError(`Run "${name} --help" to see what there is.`)
  command.helpOption('-h, --help', 'show this help')
  if (command.commands.length > 0) command.helpCommand('help [command]', 'show the help of a command')
  for (const part of command.commands) setHelpManners(part, `${name} ${part.name()}`)
}

/** What somebody reads who sees the program for the first time. */
export function firstSteps(name: string): string {
  const steps = [
    ['relay', 'on the machine that is to hold the credentials'],
    ['relay login', 'beside it, once'],
    ['bridge', 'on the machine that reaches it and your clients by SSH'],
  ] as const
  const width = Math.max(...steps.map(([call]) => call.length))
  const lines = steps.map(([call, where]) => `  ${name} ${call.padEnd(width)}  ${where}`)
  return `\nTo begin:\n${lines.join('\n')}\n\nA bridge without settings has a relay inside and needs no other machine.`
}
