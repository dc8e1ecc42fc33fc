import { words } from '../../words/words.ts'
import type { EgressForm, TunnelForm } from './egress-form.ts'
import type { FormReading } from './form-mistakes.ts'
import { listIn } from './form-values.ts'

/** What each part of the section is given. */
export interface EgressPartProps {
  readonly egress: EgressForm
  readonly onChange: (change: (egress: EgressForm) => EgressForm) => void
  /** What is wrong at a path below `egress`. */
  readonly mistakeAt: FormReading['at']
}

/** The first mistake of a list that is typed as one text, with the item that has it. */
export function listMistake(
  mistakeAt: EgressPartProps['mistakeAt'],
  text: string,
  ...path: readonly (string | number)[]
): string | undefined {
  const whole = mistakeAt(...path)
  if (whole !== undefined) return whole
  for (const [index, item] of listIn(text).entries()) {
    const mistake = mistakeAt(...path, index)
    if (mistake !== undefined) return words.settings.egress.mistakeIn(item, mistake)
  }
  return undefined
}

/** What each part of the tunnel is given. */
export interface TunnelPartProps {
  readonly tunnel: TunnelForm
  readonly onChange: (change: Partial<TunnelForm>) => void
  /** What is wrong at a path below the tunnel. */
  readonly mistakeAt: EgressPartProps['mistakeAt']
}
