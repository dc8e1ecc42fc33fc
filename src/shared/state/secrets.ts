/** Where the settings want secrets to be kept: `ask` is nowhere. */
export type SecretsChoice = 'keychain' | 'file' | 'ask'

/** Whether a passphrase can be kept between runs, by the choice of the settings and by what this computer has. */
export type SecretsState =
  | {
      readonly kind: 'kept'
      readonly by: 'keychain' | 'file'
      /** For people, such as `in the macOS Keychain`. */
      readonly where: string
    }
  | { readonly kind: 'asked' }
  | { readonly kind: 'unavailable'; readonly by: 'keychain' | 'file'; readonly reason: string }
