import { type ReactNode, useId } from 'react'
import { Input } from '../../ui/field.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { type SshHost, useSshHosts } from '../settings/use-ssh-hosts.ts'

interface Props {
  readonly value: string
  readonly onChange: (host: string) => void
  readonly isDisabled?: boolean
}

/** More would have to be scrolled through; typing finds every one. */
const MOST_SHOWN = 50

/** A host of the SSH config, found by typing a part of it, or any other as user@host:port. */
export function HostPicker({ value, onChange, isDisabled = false }: Props): ReactNode {
  const hosts = useSshHosts()
  const labelId = useId()
  const all = hosts.kind === 'known' ? hosts.hosts : []
  const found = matching(all, value)
  return (
    <div className="stack">
      <Input
        label={words.firstRun.host}
        hint={hosts.kind === 'unknown' ? words.firstRun.hostsUnknown : words.firstRun.hostHint}
        value={value}
        maxLength={500}
        isDisabled={isDisabled}
        isMono
        onChange={onChange}
      />
      {all.length > 0 && !isDisabled && (
        <div className="hosts">
          <p id={labelId} className="hosts-count" role="status">
            <span className="visually-hidden">{words.firstRun.hostsLabel}: </span>
            {found.length === 0
              ? words.firstRun.hostsNone
              : words.firstRun.hostsShown(found.length, all.length)}
          </p>
          {found.length > 0 && (
            <ul className="hosts-list" aria-label={words.firstRun.hostsLabel}>
              {found.slice(0, MOST_SHOWN).map((host) => (
                <li key={host.alias}>
                  <button
                    type="button"
                    className="host"
                    aria-pressed={host.alias === value}
                    onClick={() => onChange(host.alias)}
                  >
                    <span className="host-name">
                      <SafeText text={host.alias} maxLength={80} />
                    </span>
                    <span className="host-address">
                      <SafeText text={addressOf(host)} maxLength={120} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  )
}

/** Whoever has chosen one still sees the others. */
function matching(hosts: readonly SshHost[], typed: string): readonly SshHost[] {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '' || hosts.some(({ alias }) => alias === typed)) return hosts
  return hosts.filter(
    (host) => host.alias.toLowerCase().includes(wanted) || addressOf(host).toLowerCase().includes(wanted),
  )
}

function addressOf({ host, user, port }: SshHost): string {
  const at = user === undefined ? host : `${user}@${host}`
  return port === 22 ? at : `${at}:${port}`
}
