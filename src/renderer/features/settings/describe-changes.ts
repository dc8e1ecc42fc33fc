import type { EgressSettings } from '../../../shared/settings/egress.ts'
import type { ClientSettings, Profile, RelaySettings, Settings } from '../../../shared/settings/schema.ts'
import { words } from '../../words/words.ts'
import { egressDetails } from './egress-changes.ts'
import { profileInUse } from './save-effects.ts'
import { onOff, relayText, targetText } from './value-text.ts'

/** One difference between two settings, for people. Without `from` it is new, without `to` it goes. */
export interface Change {
  readonly what: string
  readonly from?: string
  readonly to?: string
}

type Text = string | undefined

/** Everything that differs; profiles and clients are matched by name, then by their place in the list. */
export function describeChanges(before: Settings, after: Settings): Change[] {
  const { names } = words.settings
  return [
    ...differing(names.activeProfile, profileInUse(before)?.name, profileInUse(after)?.name),
    ...differing(names.connectAtStart, onOff(before.connectAtStart), onOff(after.connectAtStart)),
    ...differing(names.notifications, onOff(before.notifications), onOff(after.notifications)),
    ...differing(names.secrets, names.keptIn[before.secrets], names.keptIn[after.secrets]),
    ...differing(names.logLevel, names.logLevels[before.logs.level], names.logLevels[after.logs.level]),
    ...differing(names.logKept, names.mebibytes(before.logs.keepMiB), names.mebibytes(after.logs.keepMiB)),
    ...matched(before.profiles, after.profiles).flatMap(([one, other]) => profileChanges(one, other)),
  ]
}

function profileChanges(before: Profile | undefined, after: Profile | undefined): Change[] {
  const { names } = words.settings
  if (after === undefined) return before === undefined ? [] : [{ what: names.profile, from: before.name }]
  if (before === undefined) return [{ what: names.profile, to: after.name }]
  const inProfile = (what: string): string => names.inProfile(after.name, what)
  return [
    ...differing(names.profile, before.name, after.name),
    ...relayChanges(before.relay, after.relay, inProfile),
    ...matched(before.clients, after.clients).flatMap(([one, other]) =>
      clientChanges(one, other).map((change) => ({ ...change, what: inProfile(change.what) })),
    ),
    ...differing(inProfile(names.agent), before.agent.listen, after.agent.listen),
    ...egressChanges(before.egress, after.egress, inProfile),
    ...differing(inProfile(names.ollama), ollamaText(before.ollama), ollamaText(after.ollama)),
    ...differing(inProfile(names.vpn), before.vpn?.tunnel, after.vpn?.tunnel),
  ]
}

function ollamaText(ollama: Profile['ollama']): Text {
  if (ollama?.offer === true) return words.settings.values.ollamaOffered(ollama.url)
  if (ollama?.via === undefined) return ollama?.url
  return words.settings.values.ollamaVia(ollama.url, targetText(ollama.via))
}

function relayChanges(
  before: RelaySettings,
  after: RelaySettings,
  inProfile: (what: string) => string,
): Change[] {
  const { names } = words.settings
  const details = (relay: RelaySettings): readonly (readonly [string, Text])[] => [
    [
      names.identityFile,
      'ssh' in relay && typeof relay.ssh === 'object' ? relay.ssh.identityFile : undefined,
    ],
    [names.adminSocket, 'ssh' in relay ? relay.adminSocket : undefined],
    [names.ca, 'url' in relay ? relay.ca : undefined],
    [names.cert, 'url' in relay ? relay.cert : undefined],
    [names.key, 'url' in relay ? relay.key : undefined],
    [names.tokenFile, 'url' in relay ? relay.tokenFile : undefined],
    [names.adminTokenFile, 'url' in relay ? relay.adminTokenFile : undefined],
  ]
  const old = new Map(details(before))
  return [
    ...differing(inProfile(names.relay), relayText(before), relayText(after)),
    ...details(after).flatMap(([what, value]) => differing(inProfile(what), old.get(what), value)),
  ]
}

function egressChanges(
  before: EgressSettings,
  after: EgressSettings,
  inProfile: (what: string) => string,
): Change[] {
  const old = new Map(egressDetails(before))
  return egressDetails(after).flatMap(([what, value]) => differing(inProfile(what), old.get(what), value))
}

function clientChanges(before: ClientSettings | undefined, after: ClientSettings | undefined): Change[] {
  const { names } = words.settings
  if (after === undefined) return before === undefined ? [] : [{ what: names.client, from: before.name }]
  const ofClient = (what: string): string => names.ofClient(after.name, what)
  if (before === undefined)
    return [{ what: names.client, to: names.clientAt(after.name, targetText(after.ssh)) }]
  const keyOf = ({ ssh }: ClientSettings): Text => (typeof ssh === 'object' ? ssh.identityFile : undefined)
  return [
    ...differing(names.client, before.name, after.name),
    ...differing(ofClient(names.host), targetText(before.ssh), targetText(after.ssh)),
    ...differing(ofClient(names.identityFile), keyOf(before), keyOf(after)),
    ...differing(ofClient(names.listen), before.listen, after.listen),
    ...differing(ofClient(names.enabled), onOff(before.enabled), onOff(after.enabled)),
  ]
}

function differing(what: string, from: Text, to: Text): Change[] {
  if (from === to) return []
  return [{ what, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]
}

/** Pairs of what is the same thing before and after; a new name in the same place is a rename. */
function matched<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): (readonly [T | undefined, T | undefined])[] {
  const oldNames = new Map(before.map((item) => [item.name, item]))
  const newNames = new Set(after.map(({ name }) => name))
  const renamed = new Set<T>()
  const pairs = after.map((item, index) => {
    const place = before[index]
    const isRename = !oldNames.has(item.name) && place !== undefined && !newNames.has(place.name)
    if (isRename) renamed.add(place)
    return [isRename ? place : oldNames.get(item.name), item] as const
  })
  const gone = before.filter((item) => !newNames.has(item.name) && !renamed.has(item))
  return [...pairs, ...gone.map((item) => [item, undefined] as const)]
}
