/** Control characters, and those that reorder or hide text: what a host says must not steer the terminal. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu

/** Text from elsewhere, safe to print on one line; longer than `maxLength` it is cut with an ellipsis. */
export function printable(text: string, maxLength = 200): string {
  const clean = text.replace(/[\t\n\r]+/g, ' ').replace(HARMFUL, '\ufffd')
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 1)}…`
}
