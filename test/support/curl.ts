import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Status and body of what curl gets by the proxy on that port of this machine; also where a tunnel was refused. */
export async function curl(proxyPort: number, url: string, ...args: string[]): Promise<string> {
  const proxied = ['-x', `http://127.0.0.1:${proxyPort}`, '--noproxy', '']
  const child = spawn('curl', ['-s', '-w', ' %{http_code}', ...proxied, ...args, url], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // Where there is no curl, this says so.
  const [got] = await Promise.all([text(child.stdout), once(child, 'close')])
  return got
}
