/** A command as it is typed into a POSIX shell. */
export function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}

/** One shell word that stands for exactly this text; quoted only where it has to be, for people read it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
