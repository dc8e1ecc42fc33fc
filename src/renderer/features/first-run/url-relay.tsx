import type { ReactNode } from 'react'
import type { UrlRelaySettings } from '../../../shared/settings/schema.ts'
import { Button } from '../../ui/button.tsx'
import { Input, type InputProps } from '../../ui/field.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { UrlRelayAnswer } from './url-relay-answer.tsx'
import { useSaveRelay } from './use-save-relay.ts'
import type { WizardHold } from './use-wizard.ts'
import { isUrlBegun, relayUrlOf, type Wizard } from './wizard.ts'

type TokenFiles = Pick<UrlRelaySettings, 'tokenFile' | 'adminTokenFile'>

/** A relay that somebody runs already: its address, and whether it answers there. */
export function UrlRelay({ wizard, change }: WizardHold): ReactNode {
  const { relayUrl, relayAdminTokenFile, relayTokenFile, isUrlSaved } = wizard
  const url = relayUrlOf(relayUrl)
  const files = tokenFiles(wizard)
  /** What was found out is about what was typed then. */
  const type = (part: Partial<Wizard>): void => change({ ...part, isUrlSaved: false })
  const saving = useSaveRelay(() => change({ isUrlSaved: true }))
  const isMistaken = relayUrl.trim() !== '' && url === undefined && !isUrlBegun(relayUrl)
  return (
    <section className="stack" aria-labelledby="relay-url">
      <h2 id="relay-url" className="step-title">
        {words.firstRun.urlTitle}
      </h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (url !== undefined && !saving.isRunning) saving.run({ url, ...files })
        }}
      >
        <Input
          label={words.firstRun.address}
          hint={addressHint(relayUrl)}
          error={isMistaken ? words.firstRun.addressWrong : undefined}
          value={relayUrl}
          maxLength={500}
          isMono
          onChange={(text) => type({ relayUrl: text })}
        />
        <fieldset className="first-run-tokens">
          <legend>{words.firstRun.tokens}</legend>
          <p className="field-hint">{words.firstRun.tokensHint}</p>
          <TokenFile
            label={words.firstRun.adminTokenFile}
            hint={words.firstRun.adminTokenFileHint}
            value={relayAdminTokenFile}
            onChange={(text) => type({ relayAdminTokenFile: text })}
          />
          <TokenFile
            label={words.firstRun.tokenFile}
            hint={words.firstRun.tokenFileHint}
            value={relayTokenFile}
            onChange={(text) => type({ relayTokenFile: text })}
          />
        </fieldset>
        <div className="row">
          <Button onClick={() => change({ way: 'choose' })}>{words.firstRun.back}</Button>
          <Button
            type="submit"
            look={isUrlSaved ? 'plain' : 'primary'}
            isBusy={saving.isRunning}
            isDisabled={url === undefined}
          >
            {words.firstRun.check}
          </Button>
        </div>
      </form>
      {saving.error !== undefined && (
        <FailureNotice title={words.firstRun.saveFailed} failure={saving.error} isUrgent />
      )}
      {isUrlSaved && (
        <UrlRelayAnswer
          url={url ?? relayUrl}
          hasAdminToken={files.adminTokenFile !== undefined}
          onGoOn={() => change({ step: 'sign-in', way: 'choose' })}
        />
      )}
    </section>
  )
}

function TokenFile(props: Pick<InputProps, 'label' | 'hint' | 'value' | 'onChange'>): ReactNode {
  return <Input {...props} placeholder={words.firstRun.filePlaceholder} maxLength={500} isMono />
}

function tokenFiles({ relayAdminTokenFile, relayTokenFile }: Wizard): TokenFiles {
  const adminTokenFile = relayAdminTokenFile.trim()
  const tokenFile = relayTokenFile.trim()
  return {
    ...(adminTokenFile === '' ? {} : { adminTokenFile }),
    ...(tokenFile === '' ? {} : { tokenFile }),
  }
}

/** What stays on this computer needs no TLS. */
const SAFE = /^https:|^http:\/\/(?:localhost|127\.|\[::1\])/i

function addressHint(typed: string): string {
  if (isUrlBegun(typed)) return words.firstRun.addressBegun
  const url = relayUrlOf(typed)
  return url === undefined || SAFE.test(url) ? words.firstRun.addressHint : words.firstRun.addressPlain
}
