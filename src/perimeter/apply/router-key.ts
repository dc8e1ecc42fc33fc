import { AppError } from '../../shared/errors/app-error.ts'
import { changePerimeter } from '../file/change-file.ts'
import type { PerimeterWireguard } from '../file/schema.ts'
import { type Remote, runAsRoot } from './remote.ts'

/**
 * Asks the router for its public key and writes it into the perimeter file, with its comments kept.
 *
 * @returns the key where it is a new one for the file
 * @throws AppError `perimeter.refused`, or what the change of a perimeter file throws
 */
export async function keepRouterKey(
  remote: Remote,
  file: string,
  wireguard: PerimeterWireguard,
): Promise<string | undefined> {
  const { exitCode, stdout } = await runAsRoot(remote, `wg show ${wireguard.interface} public-key`)
  const key = stdout.trim()
  if (exitCode !== 0 || !/^[A-Za-z0-9+/]{43}=$/.test(key))
    throw new AppError('perimeter.refused', `${remote.place} does not tell the public key of its VPN.`)
  if (key === wireguard.publicKey) return undefined
  await changePerimeter(file, async () => ({
    edits: [{ path: ['wireguard', 'publicKey'], value: key }],
    result: undefined,
  }))
  return key
}
