import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'
import { PageLink } from './page-link.tsx'
import { SecretForm } from './secret-form.tsx'

/** https://docs.github.com/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens */
const NEW_TOKEN_PAGE = 'https://github.com/settings/personal-access-tokens/new'

/** A fine-grained token of the person, in place of a code. */
export function TokenWay({ onChanged }: { readonly onChanged: () => void }): ReactNode {
  return (
    <>
      <div className="stack">
        <p>{words.signIn.tokenLead}</p>
        <p className="permission">{words.signIn.tokenPermission}</p>
        <div className="row">
          <PageLink href={NEW_TOKEN_PAGE}>{words.signIn.tokenPage}</PageLink>
        </div>
      </div>
      <SecretForm
        kind="github-token"
        label={words.signIn.tokenLabel}
        hint={words.signIn.tokenHint}
        submit={words.signIn.giveToken}
        submitting={words.signIn.givingToken}
        failedTitle={words.signIn.tokenFailed}
        takenTitle={words.signIn.tokenTaken}
        takenText={words.signIn.tokenTakenText}
        mistakeIn={tokenMistake}
        onChanged={onChanged}
      />
    </>
  )
}

/** Only what is surely wrong: which tokens work is for the relay to say. */
function tokenMistake(token: string): string | undefined {
  if (token.startsWith('ghp_')) return words.signIn.tokenClassic
  return token.startsWith('sk-or-') ? words.signIn.tokenIsKey : undefined
}
