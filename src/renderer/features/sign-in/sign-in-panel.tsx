import { type ReactNode, useState } from 'react'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import { usePolled } from '../../store/use-polled.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { words } from '../../words/words.ts'
import { DeviceWay } from './device-way.tsx'
import { OpenrouterWay } from './openrouter-way.tsx'
import { RelayAccount } from './relay-account.tsx'
import './sign-in.css'
import { TokenWay } from './token-way.tsx'

type Way = 'copilot' | 'token' | 'openrouter'

const STATUS_EVERY_MS = 15_000

const WAYS = [
  { value: 'copilot', label: words.signIn.copilot },
  { value: 'token', label: words.signIn.token },
  { value: 'openrouter', label: words.signIn.openrouter },
] as const

/** Who is signed in at the relay, and the ways to sign in. The same for every kind of relay. */
export function SignInPanel(): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const [way, setWay] = useState<Way>('copilot')
  /** What was said of a sign-in goes with it. */
  const [timesLeft, setTimesLeft] = useState(0)
  const status = usePolled(() => api.relaySignInStatus({}), {
    everyMs: STATUS_EVERY_MS,
    isWanted: !isStale,
  })
  const { askNow } = status
  return (
    <div className="stack sign-in">
      <RelayAccount status={status} onLeft={() => setTimesLeft((times) => times + 1)} />
      <section className="card" aria-label={words.signIn.ways}>
        <div className="sign-in-ways">
          <Segmented label={words.signIn.ways} value={way} options={WAYS} onChange={setWay} />
        </div>
        <div className="card-body">
          {way === 'copilot' && (
            <DeviceWay
              onToken={() => setWay('token')}
              onChanged={askNow}
              running={status.value?.signing_in}
            />
          )}
          {way === 'token' && <TokenWay key={timesLeft} onChanged={askNow} />}
          {way === 'openrouter' && <OpenrouterWay key={timesLeft} onChanged={askNow} />}
        </div>
      </section>
    </div>
  )
}
