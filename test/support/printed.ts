import type { Command } from 'commander'
import { vi } from 'vitest'

/** Runs commands of a program as the terminal would. @returns what they printed. */
export async function printedBy(program: Command, words: readonly string[]): Promise<string> {
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  try {
    await program.parseAsync([...words], { from: 'user' })
  } finally {
    write.mockRestore()
  }
  return printed
}
