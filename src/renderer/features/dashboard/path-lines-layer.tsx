import { type ReactNode, useLayoutEffect, useState } from 'react'
import type { Tone } from '../../ui/tone.ts'
import { type Box, lineBetween } from './path-lines.ts'

export interface PathLine {
  readonly from: string
  readonly to: string
  readonly tone: Tone
  /** Whether bytes cross it now. */
  readonly isFlowing: boolean
}

export interface PathLinesProps {
  readonly lines: readonly PathLine[]
  /** The positioned element around the nodes; they carry `data-node` around them. */
  readonly frame: HTMLElement | null
}

/** The lines between the nodes, measured from where the browser has put them. For the eye only. */
export function PathLines({ lines, frame }: PathLinesProps): ReactNode {
  const layout = useLayout(frame, lines.map(({ from, to }) => `${from}>${to}`).join('|'))
  return (
    <svg className="path-lines" aria-hidden="true" focusable="false">
      {lines.map(({ from, to, tone, isFlowing }) => {
        const start = layout.boxes.get(from)
        const end = layout.boxes.get(to)
        if (start === undefined || end === undefined) return null
        return (
          <g key={`${from}>${to}`} className={`path-line tone-${tone}`}>
            <path d={lineBetween(start, end, layout.isStacked)} />
            {isFlowing && <path className="path-flow" d={lineBetween(start, end, layout.isStacked)} />}
          </g>
        )
      })}
    </svg>
  )
}

interface Layout {
  readonly boxes: ReadonlyMap<string, Box>
  readonly isStacked: boolean
}

/** @param nodes changes whenever other nodes are shown. */
function useLayout(frame: HTMLElement | null, nodes: string): Layout {
  const [layout, setLayout] = useState<Layout>({ boxes: new Map(), isStacked: false })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other nodes have to be watched anew
  useLayoutEffect(() => {
    if (frame === null) return
    const measure = (): void => setLayout(measured(frame))
    const watcher = new ResizeObserver(measure)
    watcher.observe(frame)
    for (const node of frame.querySelectorAll('[data-node]')) watcher.observe(node)
    measure()
    return () => watcher.disconnect()
  }, [frame, nodes])
  return layout
}

function measured(frame: HTMLElement): Layout {
  const origin = frame.getBoundingClientRect()
  const boxes = new Map<string, Box>()
  for (const node of frame.querySelectorAll<HTMLElement>('[data-node]')) {
    const { left, top, width, height } = node.getBoundingClientRect()
    boxes.set(node.dataset.node ?? '', { left: left - origin.left, top: top - origin.top, width, height })
  }
  return { boxes, isStacked: getComputedStyle(frame).getPropertyValue('--stacked').trim() === '1' }
}
