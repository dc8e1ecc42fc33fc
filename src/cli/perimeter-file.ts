import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { defaultSettingsPath } from '../main/settings/settings-path.ts'
import { readPerimeter } from '../perimeter/file/read-perimeter.ts'
import type { Perimeter } from '../perimeter/file/schema.ts'

export interface PerimeterFileOption {
  readonly file?: string
}

/** Every part of `sovereign perimeter` that reads the file calls it the same. */
export function withPerimeterFile(command: Command): Command {
  return command.option('--file <file>', 'perimeter file instead of the one beside the settings')
}

export function perimeterPath(
  { file }: PerimeterFileOption,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return file === undefined ? join(perimeterFolder(env), 'perimeter.jsonc') : resolve(file)
}

/** @throws AppError `perimeter.unreadable` or `perimeter.invalid` */
export function perimeterOf(options: PerimeterFileOption): Promise<Perimeter> {
  return readPerimeter(perimeterPath(options))
}

/** Where the configurations of peers are kept, which hold private keys. */
export function peersFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(perimeterFolder(env), 'peers')
}

function perimeterFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(dirname(defaultSettingsPath(env)), 'perimeter')
}
