import type { ReactNode } from 'react'
import type { SettingsPath } from '../../../shared/settings/mistake.ts'
import type { FormReading } from './form-mistakes.ts'
import type { ProfileForm } from './settings-form.ts'
import type { SshHosts } from './use-ssh-hosts.ts'

/** What a section that edits one profile is given. */
export interface ProfileSectionProps {
  readonly profile: ProfileForm
  readonly hosts: SshHosts
  readonly onChange: (change: (profile: ProfileForm) => ProfileForm) => void
  /** What is wrong at a path below the profile. */
  readonly mistakeAt: (...path: SettingsPath) => string | undefined
}

/** Mistakes of the profile at a place of the list. */
export function mistakesOf(
  reading: FormReading | undefined,
  index: number,
): ProfileSectionProps['mistakeAt'] {
  return (...path) => reading?.at('profiles', index, ...path)
}

/** Lets a whole section be looked at but not changed. */
export function SectionFrame({
  isLocked,
  children,
}: {
  readonly isLocked: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <fieldset className="section" disabled={isLocked}>
      {children}
    </fieldset>
  )
}
