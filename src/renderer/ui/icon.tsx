import type { ReactNode } from 'react'
import './icon.css'
import type { Tone } from './tone.ts'

/** Drawn on a grid of 16, as strokes that take the colour of the text. */
const SHAPES = {
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  close: 'M4 4 12 12M12 4 4 12',
  alert: 'M8 2.2 14.5 13.5H1.5ZM8 6.5V9.6M8 11.4V11.6',
  busy: 'M13 8A5 5 0 1 1 9.5 3.2M9.5 1V3.5H12',
  dash: 'M4 8H12',
  info: 'M8 14A6 6 0 1 0 8 2 6 6 0 0 0 8 14ZM8 7.4V11M8 5V5.2',
  retry: 'M13 8A5 5 0 1 1 11.4 4.4M11.8 1.8V4.8H8.8',
  power: 'M8 2V8M4.6 4.4A5 5 0 1 0 11.4 4.4',
  copy: 'M5.5 5.5H13.5V13.5H5.5ZM10.5 5.5V2.5H2.5V10.5H5.5',
  up: 'M8 13V3.5M4 7.5 8 3.5 12 7.5',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  external: 'M9 3H13V7M13 3 7.5 8.5M11 9.5V13H3V5H6.5',
  laptop: 'M3 3.5H13V10.5H3ZM1 13H15',
  server: 'M2.5 2.5H13.5V7H2.5ZM2.5 9H13.5V13.5H2.5ZM5 4.8V4.9M5 11.2V11.3',
  client: 'M2 2.5H14V11H2ZM4.5 5 6.5 6.8 4.5 8.6M7.5 8.8H10.5M5.5 13.5H10.5',
  tunnel: 'M1.5 13.5H4V9A4 4 0 0 1 12 9V13.5H14.5M6.5 13.5H9.5M8 9.5V11',
  cloud: 'M4.5 12.5A3 3 0 0 1 4.6 6.5 4 4 0 0 1 12.2 7.2 2.7 2.7 0 0 1 11.8 12.5Z',
  chip: 'M4 4H12V12H4ZM6.5 6.5H9.5V9.5H6.5ZM6 1.5V4M10 1.5V4M6 12V14.5M10 12V14.5M1.5 6H4M1.5 10H4M12 6H14.5M12 10H14.5',
  dashboard: 'M2.5 2.5H7V8H2.5ZM9 2.5H13.5V5.5H9ZM9 7.5H13.5V13.5H9ZM2.5 10H7V13.5H2.5Z',
  settings: 'M2 4.5H8M12 4.5H14M10 2.5V6.5M2 11.5H4M8 11.5H14M6 9.5V13.5',
  pulse: 'M1.5 8.5H4.5L6.5 3 9.5 13 11.5 8.5H14.5',
  key: 'M5.5 13A2.5 2.5 0 1 0 5.5 8 2.5 2.5 0 0 0 5.5 13ZM7.3 8.7 13 3M10.5 5.5 12.5 7.5',
  plus: 'M8 3V13M3 8H13',
  trash: 'M2.5 4.5H13.5M6 4.5V2.5H10V4.5M4 4.5 4.7 13.5H11.3L12 4.5M6.7 7V11M9.3 7V11',
  download: 'M8 2V10M4.8 7 8 10.2 11.2 7M2.5 13.5H13.5',
  search: 'M7 12A5 5 0 1 0 7 2 5 5 0 0 0 7 12ZM10.8 10.8 14 14',
} as const

export type IconName = keyof typeof SHAPES

/** Beside words only: it has no name of its own for a screen reader. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  )
}

export const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: 'check',
  busy: 'busy',
  ask: 'alert',
  bad: 'close',
  quiet: 'dash',
}
