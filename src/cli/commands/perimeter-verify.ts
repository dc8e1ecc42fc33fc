import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { lastVerifyPath } from '../../node/perimeter-paths.ts'
import type { Perimeter } from '../../perimeter/file/schema.ts'
import { vpnOf } from '../../perimeter/policy/layout.ts'
import { placeOf, VERIFY_PLACES, type VerifyPlace } from '../../perimeter/verify/place.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { type PerimeterFileOption, perimeterOf, withPerimeterFile } from '../perimeter-file.ts'
import { verifiedText } from '../perimeter-matrix.ts'

interface VerifyCommandOptions extends PerimeterFileOption {
  readonly as?: VerifyPlace
  readonly lanHost: readonly string[]
  readonly internetHost: readonly string[]
  readonly seconds: number
  readonly verbose?: boolean
  readonly json?: boolean
}

/** `sovereign perimeter verify`: the part of the firewall matrix that begins where this machine stands. */
export function perimeterVerifyCommand(): Command {
  return withPerimeterFile(new Command('verify'))
    .description('try what the policy allows and denies from where this machine stands')
    .addOption(
      new Option('--as <place>', 'where this machine stands; found out by its addresses unless told').choices(
        VERIFY_PLACES,
      ),
    )
    .option('--lan-host <address>', 'a machine of the LAN that is on; may be given again', oneMore, [])
    .option('--internet-host <address>', 'a machine of the internet to ask; may be given again', oneMore, [])
    .option('--seconds <seconds>', 'how long an answer is waited for', secondsOption, 2.5)
    .option('-v, --verbose', 'what was seen of every cell')
    .option('--json', 'for machines')
    .action(verify)
}

async function verify(options: VerifyCommandOptions): Promise<void> {
  const perimeter = await perimeterOf(options)
  const own = ownAddresses()
  const from = options.as ?? ownPlace(perimeter, own)
  if (from === 'vpn' && vpnOf(perimeter) === undefined)
    throw new AppError('perimeter.no-vpn', 'The perimeter has no VPN that one could be a client of.')
  const { verifyPerimeter } = await import('../../perimeter/verify/verify.ts')
  const { INTERNET_HOSTS } = await import('../../perimeter/verify/targets.ts')
  const { countsOf, keepRecord } = await import('../../perimeter/verify/record.ts')
  const results = await verifyPerimeter({
    perimeter,
    from,
    known: {
      own,
      lan: options.lanHost,
      internet: options.internetHost.length > 0 ? options.internetHost : INTERNET_HOSTS,
    },
    timeoutMs: options.seconds * 1000,
  })
  const counts = countsOf(results)
  await keepRecord(lastVerifyPath(process.env), from, results, Date.now())
  if (options.json === true) console.log(JSON.stringify({ from, ...counts, cells: results }))
  else
    console.log(verifiedText({ from, counts, results, isVerbose: options.verbose === true }, process.stdout))
  if (counts.wrong > 0) process.exitCode = 1
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
}

/** @throws AppError `perimeter.no-place` on the router, which every packet crosses and none begins at. */
function ownPlace(perimeter: Perimeter, own: readonly string[]): VerifyPlace {
  const place = placeOf(perimeter, own)
  if (place !== 'router') return place
  throw new AppError('perimeter.no-place', 'This machine is the router of the perimeter.')
}

function oneMore(text: string, before: readonly string[]): readonly string[] {
  if (isIP(text) === 0) throw new InvalidArgumentError('Use an address, such as 192.168.250.50.')
  return [...before, text]
}

function secondsOption(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.2 && seconds <= 30) return seconds
  throw new InvalidArgumentError('Use a number from 0.2 to 30.')
}
