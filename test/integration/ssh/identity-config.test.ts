import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expandHome } from '../../../src/main/ssh/config/expand.ts'
import { resolveHost } from '../../../src/main/ssh/config/resolve-host.ts'
import type { ResolvedHost } from '../../../src/main/ssh/resolved-host.ts'

const run = promisify(execFile)
const { homedir: home, username: userName } = userInfo()
const env = { HOME: home, SSH_AUTH_SOCK: '/run/agent.sock', WORK_KEYS: '/srv/keys', PATH: process.env.PATH }

interface Case {
  readonly title: string
  readonly config: string
  /** Further files; `@DIR@` in any file stands for their folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly aliases: readonly string[]
}

const CORPUS: readonly Case[] = [
  { title: 'no file content at all', config: '', aliases: ['pi', 'Pi.Example.COM', '10.0.0.1', '::1'] },
  {
    title: 'the first value wins and blocks add up',
    config: `
Host pi
  Port 2201
Host p*
  Port 2202
  User late
Host *
  User never
  IdentityFile ~/.ssh/common
`,
    aliases: ['pi', 'pa', 'other'],
  },
  {
    title: 'values before the first Host are for every host',
    config: 'User everybody\nPort 2022\nHost pi\n User me\n Port 1\n',
    aliases: ['pi', 'x'],
  },
  {
    title: 'negated patterns take a host out wherever they stand',
    config: 'Host !bad *\n User good\nHost * !bad2\n Port 99\nHost !only\n Port 7\n',
    aliases: ['bad', 'bad2', 'fine', 'only', 'another'],
  },
  {
    title: 'question marks and several stars',
    config: 'Host web-??.*.net\n User a\nHost *-a-*-b\n User b\nHost web?\n User c\n',
    aliases: ['web-01.x.net', 'web-1.x.net', 'x-a-y-b', 'x-a-b', 'web', 'web1'],
  },
  { title: 'patterns mind upper and lower case', config: 'Host Pi\n User upper\n', aliases: ['Pi', 'pi'] },
  {
    title: 'equal signs, tabs, quotes and comments',
    config: `
# comment
\tHost\t=\tpi   # a comment behind it
User="somebody else"
 port = 2022
HostName= "10.0.0.2"
IdentityFile "/keys/with blank/id" # where it is
IdentityFile '/keys/single quoted'
IdentityFile /keys/a\\ b
IdentityFile "/keys/say \\"hi\\""
IdentityFile /keys/back\\slash
`,
    aliases: ['pi'],
  },
  { title: 'keywords in any case', config: 'HOST pi\nhOsTnAmE Other\nPORT 5\n', aliases: ['pi'] },
  {
    title: 'lines that end like those of Windows',
    config: 'Host pi\r\n  User me\r\n  Port 77\r\n',
    aliases: ['pi'],
  },
  {
    title: 'the host name may build on the alias',
    config: 'Host *.lab\n HostName %h.example.com\nHost db\n HostName DB-x\n',
    aliases: ['a.lab', 'db'],
  },
  {
    title: 'key files of all matching blocks, each once',
    config:
      'Host pi\n IdentityFile ~/.ssh/a\n IdentityFile ~/.ssh/b\n CertificateFile /c1\nHost *\n IdentityFile ~/.ssh/a\n IdentityFile /d\n CertificateFile /c2\n',
    aliases: ['pi', 'other'],
  },
  {
    title: 'Match by host sees the host name, by originalhost the alias',
    config: `
Host pi
  HostName pi.example.com
Match host pi
  User wrong
Match host *.example.com
  User right
Match originalhost pi
  Port 2222
Match host *.EXAMPLE.com,other originalhost P?
  ServerAliveInterval 7
`,
    aliases: ['pi', 'other'],
  },
  {
    title: 'Match by user and localuser',
    config: `
Match user deploy
  Port 1000
Host pi
  User deploy
Match user deploy,ops
  Port 2000
Match localuser ${userName}
  ServerAliveCountMax 9
Match localuser nobody-${userName}
  ServerAliveInterval 3
Match !localuser nobody
  ConnectTimeout 5
`,
    aliases: ['pi', 'x', 'deploy@x'],
  },
  {
    title: 'Match all ends a block',
    config: 'Host other\n User other\nMatch all\n Port 4000\n',
    aliases: ['pi', 'other'],
  },
  {
    title: 'Match with negation, lists and quotes',
    config: 'Match host "*.a,!x.a,b"\n User in\nMatch !host *.a\n Port 9\n',
    aliases: ['x.a', 'y.a', 'b', 'c'],
  },
  {
    title: 'Match final is read in a second pass with what is known by then',
    config: `
Match final host real.example.com
  User final
  Port 10
Host pi
  HostName real.example.com
Match canonical
  ServerAliveInterval 3
Match final all
  ConnectTimeout 4
`,
    aliases: ['pi', 'x'],
  },
  {
    title: 'Match canonical alone asks for no second pass',
    config: 'Match canonical\n  User no\nMatch all\n Port 3\n',
    aliases: ['pi'],
  },
  {
    title: 'Include with globs, in order, inside and outside of blocks',
    config: `
Include @DIR@/one.conf
Host pi
  Include @DIR@/conf.d/*.conf "@DIR@/with blank.conf"
  Port 50
Host *
  ServerAliveInterval 11
Include @DIR@/missing.conf
`,
    files: {
      'one.conf': 'Host other\n User one\n',
      'conf.d/20.conf': 'ConnectTimeout 20\nUser twenty\n',
      'conf.d/10.conf': 'ConnectTimeout 10\nHost *\n ServerAliveCountMax 8\nHost nobody\n Port 1\n',
      'conf.d/.hidden.conf': 'User hidden\nConnectTimeout 1\n',
      'conf.d/not-taken': 'User nottaken\n',
      'with blank.conf': 'IdentityFile /blank\n',
    },
    aliases: ['pi', 'other', 'nobody'],
  },
  {
    title: 'an Include in a block for others does nothing, whatever it says inside',
    config: 'Host other\n Include @DIR@/all.conf\nHost *\n Port 5\n',
    files: { 'all.conf': 'Host *\n User everybody\nMatch all\n ConnectTimeout 3\n' },
    aliases: ['pi', 'other'],
  },
  {
    title: 'a block that an Include opens ends with its file',
    config: 'Include @DIR@/open.conf\nPort 6\n',
    files: { 'open.conf': 'Host nobody\n' },
    aliases: ['pi'],
  },
  {
    title: 'times',
    config:
      'Host a\n ConnectTimeout 1m30s\n ServerAliveInterval 2m\nHost b\n ConnectTimeout none\nHost c\n ConnectTimeout 1h1s\n ServerAliveInterval 0\n',
    aliases: ['a', 'b', 'c'],
  },
  {
    title: 'yes, no, true and false',
    config:
      'Host a\n IdentitiesOnly yes\n HashKnownHosts true\nHost b\n IdentitiesOnly no\n HashKnownHosts FALSE\n',
    aliases: ['a', 'b', 'c'],
  },
  {
    title: 'StrictHostKeyChecking',
    config:
      'Host a\n StrictHostKeyChecking yes\nHost b\n StrictHostKeyChecking Accept-New\nHost c\n StrictHostKeyChecking no\nHost d\n StrictHostKeyChecking off\nHost e\n StrictHostKeyChecking ask\n',
    aliases: ['a', 'b', 'c', 'd', 'e', 'f'],
  },
  {
    title: 'known_hosts files',
    config: `
Host a
  UserKnownHostsFile ~/kh1 "/kh two" /%h-%n-%p-%r-%u /%k \${WORK_KEYS}/kh
  GlobalKnownHostsFile /g1 /g2
  HostName real
  Port 9
Host b
  UserKnownHostsFile /first
Host *
  HostKeyAlias Shared-Name
  UserKnownHostsFile /%k /%%
`,
    aliases: ['a', 'b', 'c'],
  },
  {
    title: 'agents',
    config: `
Host none
  IdentityAgent none
Host env
  IdentityAgent SSH_AUTH_SOCK
Host dollar
  IdentityAgent $WORK_KEYS
Host path
  IdentityAgent ~/agents/%h.sock
Host braces
  IdentityAgent \${WORK_KEYS}/a.sock
`,
    aliases: ['none', 'env', 'dollar', 'path', 'braces', 'default'],
  },
  {
    title: 'ProxyJump and ProxyCommand compete',
    config:
      'Host a\n ProxyJump none\n ProxyCommand nc %h %p\nHost b\n ProxyJump gate\nHost gate b\n ProxyCommand none\n',
    aliases: ['a', 'b', 'gate'],
  },
  {
    title: 'unknown keywords that ssh was told to ignore',
    config: 'IgnoreUnknown UseKeychain,Foo*\nUseKeychain yes\nFooBar x\nUser me\n',
    aliases: ['pi'],
  },
]

let root: string
/** Which names ssh tries by itself depends on its version. */
let defaultKeys: readonly string[] = []
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ssh-config-'))
  const plain = await askSsh('/dev/null', 'host')
  if (typeof plain.identityFiles !== 'string') defaultKeys = plain.identityFiles
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function writeCase({ config, files = {} }: Case): Promise<string> {
  const dir = await mkdtemp(join(root, 'case-'))
  for (const [name, content] of Object.entries({ ...files, config })) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), content.replaceAll('@DIR@', dir))
  }
  return join(dir, 'config')
}

const UNKNOWN_HOSTS: Readonly<Record<string, string>> = { true: 'refuse', 'accept-new': 'accept' }
const OWN_DEFAULT_TIMEOUT_MS = 10_000
/** What `ssh -G` says, in the words of a ResolvedHost. */
async function askSsh(file: string, alias: string) {
  const { stdout } = await run('ssh', ['-G', '-F', file, alias], { env })
  const lines = stdout.split('\n').map((line) => line.split(/ (.*)/s))
  const all = (keyword: string) => lines.filter(([key]) => key === keyword).map(([, value = '']) => value)
  const one = (keyword: string) => all(keyword)[0]
  const keys = all('identityfile').map((path) => expandHome(path, home))
  const timeout = one('connecttimeout')
  return {
    hostName: one('hostname'),
    port: Number(one('port')),
    user: one('user'),
    hostKeyAlias: one('hostkeyalias'),
    // Of the usual names ours are only those that exist and are still in use.
    identityFiles: keys.join() === defaultKeys.join() ? 'default' : keys,
    certificateFiles: all('certificatefile').map((path) => expandHome(path, home)),
    identityAgent: agentPath(one('identityagent')),
    identitiesOnly: one('identitiesonly') === 'yes',
    userKnownHostsFiles: one('userknownhostsfile'),
    globalKnownHostsFiles: one('globalknownhostsfile'),
    hashKnownHosts: one('hashknownhosts') === 'yes',
    unknownHosts: UNKNOWN_HOSTS[one('stricthostkeychecking') ?? ''] ?? 'ask',
    connectTimeoutMs: timeout === 'none' ? OWN_DEFAULT_TIMEOUT_MS : Number(timeout) * 1000,
    serverAliveIntervalMs: Number(one('serveraliveinterval')) * 1000,
    serverAliveCountMax: Number(one('serveralivecountmax')),
    jumps: one('proxyjump') ?? '',
  }
}

/** `ssh -G` prints the setting before it looks a variable up. */
function agentPath(printed: string | undefined): string | undefined {
  if (printed === 'none') return undefined
  if (printed === undefined || printed === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK
  return printed === '$WORK_KEYS' ? env.WORK_KEYS : printed
}

function inSshWords(host: ResolvedHost, expectedKeys: unknown) {
  const { displayName: _, ...settings } = host
  return {
    ...settings,
    identityFiles: expectedKeys === 'default' ? 'default' : host.identityFiles,
    userKnownHostsFiles: host.userKnownHostsFiles.join(' '),
    globalKnownHostsFiles: host.globalKnownHostsFiles.join(' '),
    jumps: host.jumps.map((jump) => jump.displayName).join(','),
  }
}

describe('ssh_config is read as ssh -G reads it', () => {
  for (const one of CORPUS) {
    test(one.title, async () => {
      const file = await writeCase(one)
      for (const alias of one.aliases) {
        const expected = await askSsh(file, alias)
        const host = await resolveHost({ alias }, { configFiles: [file], home, userName, env })
        expect({ alias, ...inSshWords(host, expected.identityFiles) }).toEqual({ alias, ...expected })
      }
    })
  }
})

describe('what ssh refuses is refused, and the line is named', () => {
  const mistakes: readonly [title: string, config: string, line: number][] = [
    ['a quote that is never closed', 'Host pi\n User "me\n', 2],
    ['a keyword without a value', 'Host pi\n\n Port\n', 3],
    ['a port that is none', 'Host pi\n Port 70000\n', 2],
    ['a port with letters', 'Port 22a\n', 1],
    ['a flag that is neither yes nor no', 'IdentitiesOnly maybe\n', 1],
    ['a time that is none', '\n\nConnectTimeout soon\n', 3],
    ['a count that is none', 'ServerAliveCountMax few\n', 1],
    ['a Match criterion that nobody knows', 'Host x\nMatch weather sunny\n', 2],
    ['a Match criterion without its value', 'Match host\n', 1],
    ['Match all with company', 'Match all host pi\n', 1],
    ['a token that does not fit', 'Host pi\n UserKnownHostsFile /%Z\n', 2],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is ssh_config's way to name a variable.
    ['a variable that is not set', 'UserKnownHostsFile ${NOT_SET_ANYWHERE}/x\n', 1],
    ['a jump host with a bad port', 'ProxyJump gate:99999\n', 1],
    ['words left over at the end of a line', 'Host pi\n User me too\n', 2],
  ]
  for (const [title, config, line] of mistakes) {
    test(title, async () => {
      const file = await writeCase({ title, config, aliases: [] })
      await expect(run('ssh', ['-G', '-F', file, 'pi'], { env })).rejects.toThrow()
      const resolved = resolveHost({ alias: 'pi' }, { configFiles: [file], home, userName, env })
      await expect(resolved).rejects.toMatchObject({
        code: 'ssh.config-invalid',
        message: expect.stringContaining(`${file} line ${line}: `),
      })
    })
  }

  test('a file that includes itself', async () => {
    const file = await writeCase({ title: '', config: 'Include @DIR@/config\n', aliases: [] })
    await expect(run('ssh', ['-G', '-F', file, 'pi'], { env })).rejects.toThrow()
    const resolved = resolveHost({ alias: 'pi' }, { configFiles: [file], home, userName, env })
    await expect(resolved).rejects.toMatchObject({ message: expect.stringContaining('nested') })
  })
})
