import { defineErrors } from './define.ts'

/** Failures of the network perimeter: its file, its router, and the VPN of this computer. */
export const PERIMETER_ERRORS = defineErrors({
  'vpn.no-tool': {
    meaning: 'This computer has no program that brings its WireGuard tunnels up.',
    recovery: 'user',
    remedy:
      'Install WireGuard from https://www.wireguard.com/install and import the configuration of this computer.',
  },
  'vpn.not-found': {
    meaning: 'The system knows no WireGuard tunnel of this name.',
    recovery: 'user',
    remedy:
      'Import the configuration of this computer into WireGuard under the name that the settings give it.',
  },
  'vpn.not-allowed': {
    meaning: 'This user may not bring the tunnel up or down.',
    recovery: 'user',
    remedy:
      'Import the tunnel into NetworkManager or the WireGuard app, which ask for the right, or do it as root.',
  },
  'vpn.failed': {
    meaning: 'The system could not bring the tunnel up or down.',
    recovery: 'user',
    remedy: 'Look at what the tool of the system said, and try the same by hand.',
  },
})
