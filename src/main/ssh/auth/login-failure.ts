import { AppError } from '../../../shared/errors/app-error.ts'

/** What happened in a login so far. */
export interface LoginRecord {
  /** `me@pi` */
  readonly place: string
  /** What was offered and refused, or accepted as one of several. */
  readonly offered: readonly string[]
  readonly accepted: readonly string[]
  /** The methods that the server named last; undefined while it has named none. */
  readonly methods: readonly string[] | undefined
  /** Offered and never answered: the server hung up instead. */
  readonly unanswered: string | undefined
  /** What was passed over and why. */
  readonly problems: readonly AppError[]
}

/** Says why a login failed: what was tried, what the server takes, what was passed over. */
export function loginFailure(record: LoginRecord): AppError {
  const { offered, accepted, methods, unanswered, problems, place } = record
  const refused = [...new Set(offered)].filter((label) => !accepted.includes(label))
  const parts = [
    refused.length === 0
      ? `Nothing that could be offered to ${place} was left`
      : `${place} refused: ${refused.join(', ')}`,
    ...(accepted.length === 0 ? [] : [`it took ${accepted.join(', ')} but wants more than that`]),
    ...(unanswered === undefined
      ? []
      : [`it hung up after ${offered.length} attempts, which is usually its MaxAuthTries`]),
    ...(methods === undefined ? [] : [`the server accepts ${methods.join(', ') || 'no method'}`]),
  ]
  const text = [sentence(parts.join('; ')), ...problems.map(({ message }) => message)].join(' ')
  return new AppError(codeOf(record), text, remedyOf(record))
}

/** Where nothing could be offered, the reason for that is the failure. */
function codeOf({ offered, methods, problems }: LoginRecord): AppError['code'] {
  const wrong = problems.find(({ code }) => code === 'ssh.passphrase-wrong')
  if (wrong !== undefined) return wrong.code
  const wantsKey = methods?.includes('publickey') ?? false
  return (offered.length === 0 && wantsKey ? problems[0]?.code : undefined) ?? 'ssh.auth-failed'
}

function remedyOf({ unanswered }: LoginRecord): { readonly remedy?: string } {
  if (unanswered === undefined) return {}
  return {
    remedy: 'Name the right key with IdentityFile for this host and set "IdentitiesOnly yes" beside it.',
  }
}

/** The first word is a user name, which another case would change. */
function sentence(text: string): string {
  return `${text}.`
}
