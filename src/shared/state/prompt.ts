/** A question that only a person can answer. The bridge asks; whichever face is attached answers. */
export type Prompt = { readonly id: string; readonly askedAt: number } & Question

export type Question =
  | {
      readonly kind: 'host-key'
      readonly host: string
      readonly port: number
      /** Algorithm as in known_hosts, such as `ssh-ed25519`. */
      readonly keyType: string
      /** `SHA256:` and unpadded base64, as ssh-keygen -l prints it. */
      readonly fingerprint: string
    }
  | {
      readonly kind: 'passphrase'
      readonly keyFile: string
      readonly attempt: number
      readonly canRemember: boolean
      /** Where it would be kept, for people, such as `in the macOS Keychain`. */
      readonly keptIn?: string
    }
  | { readonly kind: 'password'; readonly user: string; readonly host: string; readonly attempt: number }
  | {
      readonly kind: 'keyboard-interactive'
      readonly user: string
      readonly host: string
      readonly title: string
      readonly instructions: string
      readonly questions: readonly { readonly text: string; readonly echo: boolean }[]
    }

/** The answer to a prompt of the same kind; `cancel` fits every kind. */
export type Answer =
  | { readonly kind: 'cancel' }
  | { readonly kind: 'host-key'; readonly accept: boolean }
  | { readonly kind: 'passphrase'; readonly passphrase: string; readonly remember: boolean }
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'keyboard-interactive'; readonly answers: readonly string[] }
