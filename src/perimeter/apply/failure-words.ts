/** What went wrong, out of the last lines of a change that failed: its last command, and what that said. */
export function failureWords(log: readonly string[]): { readonly command?: string; readonly said: string } {
  const at = log.findLastIndex((line) => line.startsWith('+ '))
  // nft draws an arrow below the word that it does not like.
  const lines = log.slice(at + 1).filter((line) => !/^[\s^~]*$/.test(line))
  const said = lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  const command = log[at]?.slice(2)
  return { ...(command === undefined ? {} : { command }), said: said.trim() }
}
