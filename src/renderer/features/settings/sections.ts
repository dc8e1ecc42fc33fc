import type { SettingsPath } from '../../../shared/settings/mistake.ts'
import type { FormReading } from './form-mistakes.ts'

export const SECTIONS = [
  'general',
  'profiles',
  'relay',
  'clients',
  'computer',
  'proxy',
  'updates',
  'file',
] as const
export type SectionId = (typeof SECTIONS)[number]

/** Where a key of the settings is edited. */
export function sectionOf([top, , key]: SettingsPath): SectionId {
  if (top !== 'profiles') return top === 'activeProfile' ? 'profiles' : 'general'
  if (key === 'relay' || key === 'clients') return key
  if (key === 'egress') return 'proxy'
  return key === 'agent' || key === 'ollama' || key === 'vpn' ? 'computer' : 'profiles'
}

/** Mistakes that a section shows while the profile at `index` is edited. Those of other profiles are at Profiles. */
export function countMistakes(reading: FormReading | undefined, section: SectionId, index: number): number {
  if (reading === undefined) return 0
  return reading.mistakes.filter(({ path }) => {
    const isElsewhere = path[0] === 'profiles' && path[1] !== index
    return (isElsewhere ? 'profiles' : sectionOf(path)) === section
  }).length
}
