import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BRIDGE_ERRORS } from '../src/shared/errors/codes-bridge.ts'
import { EGRESS_ERRORS } from '../src/shared/errors/codes-egress.ts'
import { OLLAMA_ERRORS } from '../src/shared/errors/codes-ollama.ts'
import { PERIMETER_ERRORS } from '../src/shared/errors/codes-perimeter.ts'
import { RELAY_ERRORS } from '../src/shared/errors/codes-relay.ts'
import { SSH_ERRORS } from '../src/shared/errors/codes-ssh.ts'
import type { ErrorDefinition } from '../src/shared/errors/define.ts'

/** Writes docs/errors.md from the tables of codes, or with --check says whether it is up to date. */
export const ERRORS_PAGE = fileURLToPath(new URL('../docs/errors.md', import.meta.url))

const INTRODUCTION = `# Errors

Every failure that Sovereign Bridge expects has a code. Codes are never renamed and never given a second meaning, so
scripts and dashboards may rely on them. The message beside a code names the host, file or number of the case at hand;
the remedy says what to do next.

Where you meet them:

- on the terminal: what happened in one line, the remedy in the next; the exit status is 1
- in \`sovereign bridge --json\` and \`sovereign status --json\`: \`cause\` of whatever is not up
- in answers of the relay: \`x-relay-error\` and \`x-relay-remedy\` in the header, \`relay\` in the JSON body, beside an
  \`error\` in the form that the client understands
- in answers of the bridge, where a request could not be passed on: status 503 and \`error.code\`. The local port of the
  laptop adds \`x-bridge-error\` when it refuses a request itself

\`recovery\` says what helps:

| Recovery | Meaning |
|---|---|
| \`automatic\` | Trying again may help and harms nobody. The bridge does so by itself. |
| \`user\` | Somebody has to do what the remedy says. Nothing is tried again until then, or until "retry" is asked for. |
| \`never\` | The same request will fail again. |

Status is the HTTP status where a relay or bridge answers with that failure. Refusals of an upstream keep the status
that the upstream gave them.
`

const GROUPS: readonly {
  readonly title: string
  readonly table: Readonly<Record<string, ErrorDefinition>>
}[] = [
  { title: 'The bridge', table: BRIDGE_ERRORS },
  { title: 'SSH', table: SSH_ERRORS },
  { title: 'The relay and its upstreams', table: RELAY_ERRORS },
  { title: 'The proxy and the tunnel', table: EGRESS_ERRORS },
  { title: 'The network perimeter and the VPN', table: PERIMETER_ERRORS },
  { title: 'Ollama and the machine it runs on', table: OLLAMA_ERRORS },
]

export function errorsPage(): string {
  const parts = GROUPS.map(({ title, table }) =>
    [
      `## ${title}`,
      '',
      '| Code | Meaning | Recovery | What to do | Status |',
      '|---|---|---|---|---|',
      ...Object.entries(table).map(([code, definition]) => row(code, definition)),
      '',
    ].join('\n'),
  )
  return [INTRODUCTION, ...parts].join('\n')
}

function row(code: string, { meaning, recovery, remedy, status }: ErrorDefinition): string {
  const cells = [`\`${code}\``, meaning, recovery, remedy, String(status ?? '')]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(ERRORS_PAGE, errorsPage())
  else if (readFileSync(ERRORS_PAGE, 'utf8') !== errorsPage()) {
    console.error('docs/errors.md is out of date: run node scripts/errors-page.ts')
    process.exitCode = 1
  }
}
