import { type ReactNode, useState } from 'react'
import { Button, IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { FormReading } from './form-mistakes.ts'
import { freeName, newProfile, nextId, type ProfileForm, type SettingsForm } from './settings-form.ts'

export interface ProfilesSectionProps {
  readonly form: SettingsForm
  readonly reading: FormReading | undefined
  readonly onChange: (change: (form: SettingsForm) => SettingsForm) => void
  /** Shows the profile in the sections that edit one. */
  readonly onEdit: (id: number) => void
}

/** More profiles than this are somebody's program; they are edited as text. */
const MOST_SHOWN = 100

export function ProfilesSection({ form, reading, onChange, onEdit }: ProfilesSectionProps): ReactNode {
  const [leaving, setLeaving] = useState<ProfileForm>()
  const said = words.settings.profileSection
  const { profiles } = form
  const activeId = form.activeId ?? profiles[0]?.id
  const add = (profile: Omit<ProfileForm, 'id'>): void =>
    onChange((before) => ({
      ...before,
      profiles: [...before.profiles, { ...profile, id: nextId(before.profiles) }],
    }))
  return (
    <Card
      title={said.list}
      aside={
        <Button size="s" icon="plus" onClick={() => add(newProfile(0, freeName(said.newName, profiles)))}>
          {said.add}
        </Button>
      }
    >
      <p className="muted">{said.intro}</p>
      <ul className="rows">
        {profiles.slice(0, MOST_SHOWN).map((profile, index) => (
          <ProfileRow
            key={profile.id}
            profile={profile}
            position={index + 1}
            isActive={profile.id === activeId}
            isLast={profiles.length === 1}
            mistake={reading?.at('profiles', index, 'name')}
            onUse={() => onChange((before) => ({ ...before, activeId: profile.id }))}
            onRename={(name) => onChange((before) => withProfile(before, { ...profile, name }))}
            onEdit={() => onEdit(profile.id)}
            onDuplicate={() => add({ ...profile, name: freeName(said.copyOf(profile.name), profiles) })}
            onRemove={() => setLeaving(profile)}
          />
        ))}
      </ul>
      {profiles.length > MOST_SHOWN && (
        <p className="faint">{words.settings.changes.more(profiles.length - MOST_SHOWN)}</p>
      )}
      {leaving !== undefined && (
        <RemoveDialog
          profile={leaving}
          onClose={() => setLeaving(undefined)}
          onRemove={() => {
            onChange((before) => withoutProfile(before, leaving.id))
            setLeaving(undefined)
          }}
        />
      )}
    </Card>
  )
}

interface ProfileRowProps {
  readonly profile: ProfileForm
  readonly position: number
  readonly isActive: boolean
  readonly isLast: boolean
  readonly mistake: string | undefined
  readonly onUse: () => void
  readonly onRename: (name: string) => void
  readonly onEdit: () => void
  readonly onDuplicate: () => void
  readonly onRemove: () => void
}

function ProfileRow(props: ProfileRowProps): ReactNode {
  const { profile, position, isActive, isLast, mistake } = props
  const said = words.settings.profileSection
  const name = plain(profile.name, 60)
  return (
    <li className="profile-row">
      <input
        type="radio"
        name="active-profile"
        className="checkbox"
        aria-label={said.use(name)}
        title={said.use(name)}
        checked={isActive}
        onChange={props.onUse}
      />
      <div className="profile-name">
        <Input
          label={<span className="visually-hidden">{said.nameOf(position)}</span>}
          hint={<ProfileSummary profile={profile} isActive={isActive} />}
          error={mistake}
          value={profile.name}
          maxLength={100}
          onChange={props.onRename}
        />
      </div>
      <div className="row-actions">
        <IconButton label={said.edit(name)} icon="settings" onClick={props.onEdit} />
        <IconButton label={said.duplicate(name)} icon="copy" onClick={props.onDuplicate} />
        <IconButton
          label={isLast ? `${said.remove(name)}. ${said.lastStays}` : said.remove(name)}
          icon="trash"
          isDisabled={isLast}
          onClick={props.onRemove}
        />
      </div>
    </li>
  )
}

function ProfileSummary({
  profile,
  isActive,
}: {
  readonly profile: ProfileForm
  readonly isActive: boolean
}): ReactNode {
  const { relay, clients } = profile
  const summary = words.settings.profileSection.summary(relaySummary(relay), clients.length)
  return (
    <>
      {isActive && <strong className="in-use">{words.settings.inUse}</strong>}
      <SafeText text={summary} maxLength={120} />
    </>
  )
}

function relaySummary({ kind, ssh, url }: ProfileForm['relay']): string {
  if (kind === 'embedded') return words.settings.values.embedded
  if (kind === 'url') return url === '' ? words.settings.values.nothing : url
  const place = ssh.kind === 'address' ? ssh.address : ssh.host
  return place === '' ? words.settings.values.nothing : place
}

interface RemoveDialogProps {
  readonly profile: ProfileForm
  readonly onClose: () => void
  readonly onRemove: () => void
}

function RemoveDialog({ profile, onClose, onRemove }: RemoveDialogProps): ReactNode {
  const said = words.settings.profileSection
  return (
    <Dialog
      title={said.removeTitle(plain(profile.name, 60))}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.settings.cancel}</Button>
          <Button look="danger" onClick={onRemove}>
            {said.removeYes}
          </Button>
        </>
      }
    >
      <p>{said.removeBody(profile.clients.length)}</p>
    </Dialog>
  )
}

function withProfile(form: SettingsForm, profile: ProfileForm): SettingsForm {
  return { ...form, profiles: form.profiles.map((one) => (one.id === profile.id ? profile : one)) }
}

function withoutProfile(form: SettingsForm, id: number): SettingsForm {
  return {
    ...form,
    activeId: form.activeId === id ? undefined : form.activeId,
    profiles: form.profiles.filter((one) => one.id !== id),
  }
}
