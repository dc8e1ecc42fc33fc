import { type ReactNode, useCallback } from 'react'
import { Select } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import type { JudgeClient } from './client-dialog.tsx'
import { ClientsSection, withClient } from './clients-section.tsx'
import { ComputerSection } from './computer-section.tsx'
import { EgressSection } from './egress-section.tsx'
import { FileSection } from './file-section.tsx'
import { readForm } from './form-mistakes.ts'
import { GeneralSection } from './general-section.tsx'
import { ProfilesSection } from './profiles-section.tsx'
import { RelaySection } from './relay-section.tsx'
import { mistakesOf, type ProfileSectionProps, SectionFrame } from './section-frame.tsx'
import type { SectionId } from './sections.ts'
import type { ProfileForm, SettingsForm } from './settings-form.ts'
import { UpdatesSection } from './updates-section.tsx'
import type { SettingsDraft } from './use-settings-draft.ts'
import { useSshHosts } from './use-ssh-hosts.ts'

export interface ActiveSectionProps {
  readonly section: SectionId
  readonly draft: SettingsDraft
  readonly loaded: NonNullable<SettingsDraft['loaded']>
  readonly profile: ProfileForm | undefined
  /** Of the profile. */
  readonly index: number
  readonly onProfile: (id: number) => void
  readonly onSection: (section: SectionId) => void
}

export function ActiveSection(props: ActiveSectionProps): ReactNode {
  const { section, draft, loaded, profile, onProfile, onSection } = props
  const { form } = draft
  const isLocked = draft.edit === 'text'
  if (section === 'file') return <FileSection draft={draft} file={loaded.file} />
  if (section === 'updates') return <UpdatesSection />
  if (form === undefined || profile === undefined) return null
  return (
    <SectionFrame isLocked={isLocked}>
      {isLocked && (
        <Notice tone="ask" title={words.settings.busyText.title}>
          {words.settings.busyText.body}
        </Notice>
      )}
      {section === 'general' && (
        <GeneralSection form={form} reading={draft.reading} onChange={draft.changeForm} />
      )}
      {section === 'profiles' && (
        <ProfilesSection
          form={form}
          reading={draft.reading}
          onChange={draft.changeForm}
          onEdit={(id) => {
            onProfile(id)
            onSection('relay')
          }}
        />
      )}
      {(section === 'relay' || section === 'clients' || section === 'computer' || section === 'proxy') && (
        <ProfileParts {...props} section={section} form={form} profile={profile} />
      )}
    </SectionFrame>
  )
}

interface ProfilePartsProps extends ActiveSectionProps {
  readonly section: 'relay' | 'clients' | 'computer' | 'proxy'
  readonly form: SettingsForm
  readonly profile: ProfileForm
}

function ProfileParts({ section, draft, form, profile, index, onProfile }: ProfilePartsProps): ReactNode {
  const hosts = useSshHosts()
  const judge = useJudge(form, index)
  const common: ProfileSectionProps = {
    profile,
    hosts,
    mistakeAt: mistakesOf(draft.reading, index),
    onChange: (change) =>
      draft.changeForm((before) => ({
        ...before,
        profiles: before.profiles.map((one) => (one.id === profile.id ? change(one) : one)),
      })),
  }
  return (
    <>
      {form.profiles.length > 1 && <ProfilePicker form={form} profile={profile} onProfile={onProfile} />}
      {section === 'relay' && <RelaySection {...common} />}
      {section === 'clients' && <ClientsSection key={profile.id} {...common} judge={judge} />}
      {section === 'computer' && <ComputerSection {...common} />}
      {section === 'proxy' && <EgressSection {...common} />}
    </>
  )
}

/** Judges a client as if it stood in the list already, so that a name or place that is taken shows at once. */
function useJudge(form: SettingsForm, index: number): JudgeClient {
  return useCallback(
    (client) => {
      const profile = form.profiles[index]
      if (profile === undefined) return () => undefined
      const clients = withClient(profile.clients, client)
      const profiles = form.profiles.with(index, { ...profile, clients })
      const reading = readForm({ ...form, profiles })
      const place = clients.findIndex(({ id }) => id === client.id)
      return (...path) => reading.at('profiles', index, 'clients', place, ...path)
    },
    [form, index],
  )
}

interface ProfilePickerProps {
  readonly form: SettingsForm
  readonly profile: ProfileForm
  readonly onProfile: (id: number) => void
}

function ProfilePicker({ form, profile, onProfile }: ProfilePickerProps): ReactNode {
  const activeId = form.activeId ?? form.profiles[0]?.id
  return (
    <div className="profile-picker">
      <Select
        label={words.settings.whichProfile}
        value={String(profile.id)}
        options={form.profiles.map(({ id, name }) => ({
          value: String(id),
          label: id === activeId ? `${plain(name, 60)} (${words.settings.inUse})` : plain(name, 60),
        }))}
        onChange={(id) => onProfile(Number(id))}
      />
    </div>
  )
}
