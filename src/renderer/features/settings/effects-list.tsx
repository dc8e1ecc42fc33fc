import type { ReactNode } from 'react'
import type { Settings } from '../../../shared/settings/schema.ts'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Icon } from '../../ui/icon.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { type Effect, type SaveEffects, saveEffects } from './save-effects.ts'

const MOST_SHOWN = 8
const MOST_NAMED = 3

export interface EffectsListProps {
  readonly before: Settings
  readonly after: Settings
}

/** What a save does to connections that are up, and what it leaves alone. */
export function EffectsList({ before, after }: EffectsListProps): ReactNode {
  const isConnected = useBridgeState(({ wanted }) => wanted === 'connected')
  const said = words.settings.effects
  if (!isConnected) return <p className="muted">{said.idle}</p>
  const found = saveEffects(before, after)
  const kept = keptText(found)
  const rest = found.effects.length - MOST_SHOWN
  return (
    <ul className="effects">
      {found.effects.slice(0, MOST_SHOWN).map((effect, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is drawn anew whenever it changes
        <li key={index} className="effect tone-ask">
          <Icon name="retry" /> <bdi>{effectText(effect)}</bdi>
        </li>
      ))}
      {rest > 0 && <li className="faint">{words.settings.changes.more(rest)}</li>}
      {kept !== '' && (
        <li className="effect tone-good">
          <Icon name="check" /> <bdi>{kept}</bdi>
        </li>
      )}
    </ul>
  )
}

export function effectText(effect: Effect): string {
  const said = words.settings.effects
  switch (effect.kind) {
    case 'relay':
      return said.relay(plain(effect.from, 80), plain(effect.to, 80))
    case 'agent':
      return said.agent(plain(effect.from, 80), plain(effect.to, 80))
    case 'proxy':
      return said.proxy
    case 'client-joins':
      return said.joins(plain(effect.name, 60))
    case 'client-leaves':
      return said.leaves(plain(effect.name, 60))
    case 'client-reconnects':
      return said.reconnects(plain(effect.name, 60))
    case 'client-starts':
      return said.starts(plain(effect.name, 60))
    case 'client-stops':
      return said.stops(plain(effect.name, 60))
  }
}

/** "The relay stays connected. a, b and c stay connected." */
export function keptText({ effects, keepsRelay, keptClients }: SaveEffects): string {
  const said = words.settings.effects
  if (effects.length === 0) return said.none
  const relay = keepsRelay ? [said.relayStays] : []
  const [first] = keptClients
  if (first === undefined) return relay.join(' ')
  if (keptClients.length > MOST_NAMED) return [...relay, said.keepsMany(keptClients.length)].join(' ')
  if (keptClients.length === 1) return [...relay, said.keepsOne(plain(first, 60))].join(' ')
  const names = new Intl.ListFormat(words.locale).format(keptClients.map((name) => plain(name, 60)))
  return [...relay, said.keeps(names)].join(' ')
}
