import type { Logger } from '../../node/log.ts'
import type { SecretsChoice, SecretsState } from '../../shared/state/secrets.ts'
import { fileStore } from './file-store.ts'
import { keytarStore } from './keytar-store.ts'
import type { SecretPlace, SecretStore } from './secret-store.ts'

/** The place that the settings choose for secrets, as it is now. Whoever uses it asks each time: it may change. */
export interface SecretKeeper {
  readonly state: SecretsState
  /** Undefined where nothing is kept. */
  store(): SecretStore | undefined
  /** Opens another place; what the one before holds stays there. Never rejects. */
  choose(choice: SecretsChoice): Promise<void>
}

export interface SecretKeeperOptions {
  /** For the choice `file`. */
  readonly file: string
  readonly log: Logger
  /** The keychain of the system unless told. */
  readonly openKeychain?: () => Promise<SecretPlace>
}

/** Asks nothing of the keychain unless that is chosen: asking may open a window. */
export async function openSecrets(
  choice: SecretsChoice,
  { file, log, openKeychain = () => keytarStore() }: SecretKeeperOptions,
): Promise<SecretKeeper> {
  let current: SecretPlace | undefined
  let state: SecretsState = { kind: 'asked' }
  const choose = async (by: SecretsChoice): Promise<void> => {
    current = by === 'ask' ? undefined : await (by === 'file' ? fileStore(file) : openKeychain())
    state = secretsState(by, current)
    if (state.kind === 'unavailable') log.info(state, 'Passphrases cannot be kept; they are asked for')
  }
  await choose(choice)
  return {
    get state() {
      return state
    },
    store: () => (current?.kind === 'available' ? current.store : undefined),
    choose,
  }
}

export function secretsState(by: SecretsChoice, place: SecretPlace | undefined): SecretsState {
  if (by === 'ask' || place === undefined) return { kind: 'asked' }
  if (place.kind === 'unavailable') return { kind: 'unavailable', by, reason: place.reason }
  return { kind: 'kept', by, where: place.store.describe() }
}
