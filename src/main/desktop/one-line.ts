const LINE_LENGTH = 100

/** One printable line: hosts and servers have a say in what stands in a message. */
export function oneLine(text: string, maxLength = LINE_LENGTH): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`
}
