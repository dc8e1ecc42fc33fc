import type { ReactNode } from 'react'
import { linkCause } from '../../../shared/state/link.ts'
import { latency } from '../../../shared/util/amounts.ts'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { useSaveRelay } from './use-save-relay.ts'
import type { WizardHold } from './use-wizard.ts'
import { isUrlBegun, relayUrlOf } from './wizard.ts'

/** A relay that somebody runs already: its address, and whether it answers there. */
export function UrlRelay({ wizard, change }: WizardHold): ReactNode {
  const { relayUrl, isUrlSaved } = wizard
  const url = relayUrlOf(relayUrl)
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
          if (url !== undefined && !saving.isRunning) saving.run({ url })
        }}
      >
        <Input
          label={words.firstRun.address}
          hint={addressHint(relayUrl)}
          error={isMistaken ? words.firstRun.addressWrong : undefined}
          value={relayUrl}
          maxLength={500}
          isMono
          onChange={(text) => change({ relayUrl: text, isUrlSaved: false })}
        />
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
        <Reached url={url ?? relayUrl} onGoOn={() => change({ step: 'sign-in', way: 'choose' })} />
      )}
    </section>
  )
}

/** What stays on this computer needs no TLS. */
const SAFE = /^https:|^http:\/\/(?:localhost|127\.|\[::1\])/i

function addressHint(typed: string): string {
  if (isUrlBegun(typed)) return words.firstRun.addressBegun
  const url = relayUrlOf(typed)
  return url === undefined || SAFE.test(url) ? words.firstRun.addressHint : words.firstRun.addressPlain
}

/** What the bridge has found out about the relay that it uses now. */
function Reached({ url, onGoOn }: { readonly url: string; readonly onGoOn: () => void }): ReactNode {
  const relay = useBridgeState((state) => state.relay)
  const { health } = relay
  const cause = linkCause(relay.link) ?? (health.kind === 'failing' ? health.cause : undefined)
  if (relay.kind === 'url' && health.kind === 'ok')
    return (
      <Notice
        tone="good"
        title={words.firstRun.answers}
        isUrgent
        actions={
          <Button look="primary" onClick={onGoOn}>
            {words.firstRun.goOn}
          </Button>
        }
      >
        <p>{words.firstRun.answersText(plain(health.version, 40), latency(health.roundTripMs))}</p>
        <p>{words.firstRun.urlNote}</p>
      </Notice>
    )
  if (cause !== undefined)
    return (
      <FailureNotice
        title={words.firstRun.answersNot}
        failure={cause}
        isUrgent
        actions={<Button onClick={onGoOn}>{words.firstRun.skip}</Button>}
      />
    )
  return (
    <div role="status">
      <Notice tone="busy" title={words.firstRun.checking(plain(url, 120))} />
    </div>
  )
}
