import { defineErrors } from './define.ts'

/** Failures of the network perimeter: its file, its router, and the VPN of this computer. */
export const PERIMETER_ERRORS = defineErrors({
  'perimeter.invalid': {
    meaning: 'The perimeter file says something that cannot be.',
    recovery: 'user',
    remedy: 'Correct the named lines; "sovereign perimeter check" says when all is well.',
  },
  'perimeter.unreadable': {
    meaning: 'There is no perimeter file where one was looked for, or it cannot be read.',
    recovery: 'user',
    remedy: 'Name the file with --file, or write one to begin with: "sovereign perimeter init".',
  },
  'perimeter.unwritable': {
    meaning: 'A file of the perimeter cannot be written where it belongs.',
    recovery: 'user',
    remedy: 'Name a folder that this user may write to and that has room.',
  },
  'perimeter.exists': {
    meaning: 'Something is already there that would be overwritten.',
    recovery: 'user',
    remedy: 'Name another place, or move what is there away first.',
  },
  'perimeter.busy': {
    meaning: 'Another command is changing the same perimeter file.',
    recovery: 'user',
    remedy: 'Wait until it has finished, and try again.',
  },
  'perimeter.no-vpn': {
    meaning: 'The perimeter has no VPN, so it has no peers.',
    recovery: 'user',
    remedy: 'Describe the VPN under "wireguard" in the perimeter file, and leave out "lanOnly".',
  },
  'perimeter.no-router-key': {
    meaning: 'The public key of the router is not known yet, and a peer cannot do without it.',
    recovery: 'user',
    remedy:
      'Apply the perimeter to the router first ("sovereign perimeter apply"), which writes the key into the file; or name it with --router-key.',
  },
  'perimeter.peer-exists': {
    meaning: 'There is a peer of that name already.',
    recovery: 'user',
    remedy: 'Choose another name, or revoke the peer of that name first.',
  },
  'perimeter.peer-unknown': {
    meaning: 'There is no peer of that name.',
    recovery: 'user',
    remedy: 'See which there are: "sovereign perimeter peers list".',
  },
  'perimeter.no-address': {
    meaning: 'Every address of the VPN is taken.',
    recovery: 'user',
    remedy: 'Revoke peers that are no longer used, or give the VPN a larger network.',
  },
  'perimeter.no-qr': {
    meaning: 'Nothing here can draw a QR code.',
    recovery: 'user',
    remedy: 'Install qrencode, or hand the written file over.',
  },
  'perimeter.pending': {
    meaning: 'A change on the machine is not confirmed yet, so no other one is begun.',
    recovery: 'user',
    remedy:
      'Confirm it ("sovereign perimeter confirm"), undo it ("sovereign perimeter undo"), or wait until it is taken back by itself.',
  },
  'perimeter.not-pending': {
    meaning: 'The change was confirmed, undone or taken back already.',
    recovery: 'user',
    remedy: 'Look what stands: "sovereign perimeter diff".',
  },
  'perimeter.not-applied': {
    meaning: 'The machine has nothing that "sovereign perimeter apply" has put there.',
    recovery: 'user',
    remedy: 'Apply the perimeter first.',
  },
  'perimeter.refused': {
    meaning: 'The machine did not do what it was asked.',
    recovery: 'user',
    remedy: 'Log in there as root, and look at what it says.',
  },
  'perimeter.not-applied-whole': {
    meaning: 'The change did not work on the machine and was taken back there.',
    recovery: 'user',
    remedy: 'Mend what the machine complains about, and apply again.',
  },
  'perimeter.not-root': {
    meaning: 'The change needs root on the machine, and the login is not and may not become root.',
    recovery: 'user',
    remedy: 'Log in as root, or let sudo act for this login without a password while the change is made.',
  },
  'perimeter.undone': {
    meaning: 'The change was not kept, so it was taken back.',
    recovery: 'user',
    remedy: 'Apply it again when you are sure, and answer "keep" in time.',
  },
  'perimeter.no-ssh': {
    meaning: 'Nothing says how to reach a machine of the perimeter.',
    recovery: 'user',
    remedy: 'Put "ssh" beside it in the perimeter file, or give --ssh.',
  },
  'perimeter.locked-out': {
    meaning:
      'The machine could not be reached over a new connection after the change, so the change was not confirmed.',
    recovery: 'user',
    remedy: 'The machine takes the change back by itself. Look in the perimeter file why it keeps you out.',
  },
  'perimeter.no-place': {
    meaning: 'The perimeter cannot be verified from this machine.',
    recovery: 'user',
    remedy: 'Verify it as a VPN client, on the server, or on another machine of the LAN.',
  },
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
