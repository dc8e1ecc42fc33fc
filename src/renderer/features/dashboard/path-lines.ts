/** Where a node of the diagram lies, in px from the corner of the diagram. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** In one column the lines run beside the nodes, this far from their edge. */
const RAIL = 14
const CORNER = 8

/** The line between two nodes as the path of an SVG: sideways from edge to edge, or along the rail on the left. */
export function lineBetween(from: Box, to: Box, isStacked: boolean): string {
  return isStacked ? alongRail(from, to) : across(from, to)
}

function across(from: Box, to: Box): string {
  const x1 = from.left + from.width
  const x2 = to.left
  const y1 = middle(from)
  const y2 = middle(to)
  // Below each other: from the bottom of one to the top of the other.
  if (x2 < x1) return `M${from.left + from.width / 2} ${from.top + from.height}V${to.top}`
  const bend = (x2 - x1) / 2
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
}

function alongRail(from: Box, to: Box): string {
  const rail = Math.min(from.left, to.left) - RAIL
  const y1 = middle(from)
  const y2 = middle(to)
  const turn = Math.min(CORNER, Math.abs(y2 - y1) / 2) * Math.sign(y2 - y1)
  return (
    `M${from.left} ${y1}H${rail + CORNER}Q${rail} ${y1} ${rail} ${y1 + turn}` +
    `V${y2 - turn}Q${rail} ${y2} ${rail + CORNER} ${y2}H${to.left}`
  )
}

function middle({ top, height }: Box): number {
  return top + height / 2
}
