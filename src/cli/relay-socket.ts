import type { Command } from 'commander'
import { adminSocketPath, defaultRelayDataDir } from '../node/relay-paths.ts'

export interface SocketOptions {
  readonly socket?: string
  readonly dataDir?: string
}

/** Adds the options by which a command finds the running relay. */
export function withSocketOptions(command: Command): Command {
  return command
    .option('--socket <path>', 'admin socket of the relay')
    .option('--data-dir <dir>', 'data folder of the relay, when it is not the usual one')
}

export function socketOf({ socket, dataDir }: SocketOptions): string {
  return socket ?? adminSocketPath(dataDir ?? defaultRelayDataDir(process.env))
}
