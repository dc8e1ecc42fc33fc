import type { RunTool } from '../../node/run-tool.ts'
import type { VpnTool } from './vpn-tool.ts'

/** NetworkManager asks the user for the right by itself: https://networkmanager.dev/docs/api/latest/nmcli.html */
export function networkManager(run: RunTool): VpnTool {
  const find = async (tunnel: string): Promise<Connection | undefined> => {
    const text = await run('nmcli', ['-t', '-e', 'yes', '-f', 'NAME,UUID,TYPE,STATE', 'connection', 'show'])
    const ours = parseConnections(text).filter(({ name, type }) => type === 'wireguard' && name === tunnel)
    return ours.find(({ state }) => state === 'activated') ?? ours[0]
  }
  return {
    system: 'networkmanager',
    isUp: async (tunnel) => {
      const found = await find(tunnel)
      return found === undefined ? undefined : found.state === 'activated'
    },
    set: async (tunnel, to) => {
      // Names may be given twice, and may look like options.
      const uuid = (await find(tunnel))?.uuid ?? ''
      await run('nmcli', ['--wait', '10', 'connection', to, 'uuid', uuid])
    },
  }
}

interface Connection {
  readonly name: string
  readonly uuid: string
  readonly type: string
  readonly state: string
}

/** Terse output: fields between colons, with `\:` and `\\` for what is inside one. */
function parseConnections(text: string): Connection[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', uuid = '', type = '', state = ''] = (line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map(
        (field) => field.replace(/:$/, '').replaceAll(/\\(.)/g, '$1'),
      )
      return { name, uuid, type, state }
    })
}
