/** How long the browser may take to begin with the download. */
const REVOKE_AFTER_MS = 10_000

/** Hands content to the browser as a download. */
export function saveAs(fileName: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS)
}
