const FIELD = /([A-Za-z][A-Za-z0-9-]{0,63}): ([!-~](?:[ -~]{0,4094}[!-~])?)\r\n/y

/**
 * Reads fields that cannot be understood in two ways: a name of letters, digits and hyphens, a colon and one space, a value
 * in printable ASCII with no space around it (a small part of what RFC 9112 §5 allows, and nearly all there ever is).
 *
 * @param text a head with the line ends of all its lines, the last one too.
 * @param from where the first field begins.
 * @returns names and values by turns, or undefined when there is anything else.
 */
export function readPlainFields(text: string, from: number): string[] | undefined {
  const fields: string[] = []
  FIELD.lastIndex = from
  while (FIELD.lastIndex < text.length) {
    const field = FIELD.exec(text)
    // A failed match has set it back.
    if (field === null) return undefined
    fields.push(field[1] ?? '', field[2] ?? '')
  }
  return fields
}
