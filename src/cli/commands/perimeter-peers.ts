import { Command } from 'commander'

/** `sovereign perimeter peers …` */
export function perimeterPeersCommand(): Command {
  return new Command('peers').description('who may use the VPN')
}
