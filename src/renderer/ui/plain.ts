/** More than any name needs; what a host or relay sends may be a megabyte. */
export const MAX_LENGTH = 500

/**
 * Text from a relay, a host or a file, harmless to look at: without what reorders or hides characters, in one
 * line, and not endless. Invisible characters become `�`, so that two names that differ also look different.
 */
export function plain(text: string, maxLength: number = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
  return cut.replace(/[\r\n\t\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '�')
}
