import { launchdDaemons } from './launchd-daemon.ts'
import type { OllamaService, ServiceFile } from './service.ts'
import { ownUnit, stockDropIn } from './systemd-unit.ts'

/** Everything that is written for the service. @param isStock whether Ollama's installer has written a unit already. */
export function serviceFiles(service: OllamaService, isStock: boolean): readonly ServiceFile[] {
  if (service.platform === 'darwin') return launchdDaemons(service)
  return [isStock ? stockDropIn(service) : ownUnit(service)]
}
