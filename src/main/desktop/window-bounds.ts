import type { Bounds } from './desktop-memory.ts'

/** So much of a title bar has to be on a screen that one can get hold of it. */
const GRIP_PX = 48

/**
 * Where a window goes: to where it was, while the screen that it was on is still there, else to the middle of the
 * first screen, which the system finds by itself. Never larger than its screen.
 *
 * @param screens the parts of all screens that windows may cover, the first screen first.
 */
export function placeWindow(
  remembered: Bounds | undefined,
  size: { readonly width: number; readonly height: number },
  screens: readonly Bounds[],
): Partial<Bounds> {
  const screen = remembered && screens.find((candidate) => holdsTitleBar(candidate, remembered))
  if (remembered !== undefined && screen !== undefined)
    return {
      ...remembered,
      width: Math.min(remembered.width, screen.width),
      height: Math.min(remembered.height, screen.height),
    }
  const { width, height } = remembered ?? size
  const first = screens[0]
  return {
    width: Math.min(width, first?.width ?? width),
    height: Math.min(height, first?.height ?? height),
  }
}

function holdsTitleBar(screen: Bounds, { x, y, width }: Bounds): boolean {
  const visible = Math.min(x + width, screen.x + screen.width) - Math.max(x, screen.x)
  return visible >= GRIP_PX && y >= screen.y && y <= screen.y + screen.height - GRIP_PX
}
