import type { RelaySettings, SshTargetSettings } from '../../../shared/settings/schema.ts'
import { words } from '../../words/words.ts'

/** `builder`, `eve@10.0.0.4:2222`. */
export function targetText(ssh: SshTargetSettings): string {
  if (typeof ssh === 'string') return ssh
  const { host, port, user } = ssh
  return `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`
}

/** Where a relay is, in a few words. */
export function relayText(relay: RelaySettings): string {
  if ('embedded' in relay) return words.settings.values.embedded
  if ('url' in relay) return relay.url
  return words.settings.values.sshRelay(targetText(relay.ssh), relay.port)
}

export function onOff(isOn: boolean): string {
  return isOn ? words.settings.values.on : words.settings.values.off
}
