/** How late a page that nobody sees may be. */
const HIDDEN_DELAY_MS = 1000

/** Calls back before the browser draws next; in a hidden page, which draws nothing, a little later. */
export function beforeNextPicture(callback: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(callback, HIDDEN_DELAY_MS)
    return () => clearTimeout(timer)
  }
  const frame = requestAnimationFrame(callback)
  return () => cancelAnimationFrame(frame)
}
