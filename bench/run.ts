import { readdir } from 'node:fs/promises'

/** `npm run bench -- NAME [options]` runs bench/NAME.ts. */
interface Bench {
  run(args: readonly string[]): Promise<void>
}

const [name, ...args] = process.argv.slice(2)
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))

if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- NAME [--json]\nNAME is one of: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const bench: Bench = await import(`./${name}.ts`)
  await bench.run(args)
}
