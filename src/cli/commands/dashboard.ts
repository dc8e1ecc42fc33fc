import { Command } from 'commander'
import { dashboardLinkOf } from '../../main/api/dashboard-link.ts'
import { type BridgeOptions, withBridgeOptions } from '../bridge-connection.ts'

/** `sovereign dashboard`: a link that lets one browser of this machine in; failures are thrown as AppError. */
export function dashboardCommand(): Command {
  return withBridgeOptions(new Command('dashboard'))
    .description('print a link to the dashboard of the running bridge')
    .option('--json', 'for machines')
    .action(async (options: BridgeOptions & { readonly json?: boolean }) => {
      const url = await dashboardLinkOf(options)
      if (options.json === true) console.log(JSON.stringify({ url }))
      else console.log(`${url}\nOpen it in a browser on this computer within ten minutes; it works once.`)
    })
}
