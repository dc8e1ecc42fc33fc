import { defineErrors } from './define.ts'

/** Failures on the way to and inside an SSH connection. */
export const SSH_ERRORS = defineErrors({
  'ssh.config-invalid': {
    meaning: 'The SSH client configuration has a line that cannot be used.',
    recovery: 'user',
    remedy: 'Correct the named line of the SSH config file.',
  },
  'ssh.name-not-resolved': {
    meaning: 'The host name has no address.',
    recovery: 'automatic',
    remedy: 'Check the spelling of the host, and whether this machine is online or needs a VPN for it.',
  },
  'ssh.connection-refused': {
    meaning: 'The host answers, but nothing listens on its SSH port.',
    recovery: 'automatic',
    remedy: 'Check that sshd runs on the host and that the port is right.',
  },
  'ssh.unreachable': {
    meaning: 'The host does not answer.',
    recovery: 'automatic',
    remedy: 'Check that the host is up and that this network reaches it.',
  },
  'ssh.turned-away': {
    meaning: 'The SSH server hung up before the login because it limits new connections.',
    recovery: 'automatic',
    remedy:
      'Nothing to do: it is tried again with growing pauses. If it stays, see MaxStartups and PerSourcePenalties in sshd_config there.',
  },
  'ssh.not-ssh': {
    meaning: 'Something else than an SSH server has the port.',
    recovery: 'user',
    remedy: 'Check the host and the port; an sshd usually has port 22.',
  },
  'ssh.silent': {
    meaning: 'The host accepts connections, but whoever has the port says nothing or too little.',
    recovery: 'automatic',
    remedy:
      'Check that the port belongs to an SSH server. A host that is overloaded or stands still does this as well, so it is tried again.',
  },
  'ssh.not-connected': {
    meaning: 'Something needs the SSH connection while it is down.',
    recovery: 'automatic',
    remedy: 'Wait until the connection is back, or choose "Retry now".',
  },
  'ssh.connection-lost': {
    meaning: 'The SSH connection was cut.',
    recovery: 'automatic',
    remedy: 'Nothing to do: it reconnects by itself.',
  },
  'ssh.peer-dead': {
    meaning: 'The host stopped answering on an open SSH connection.',
    recovery: 'automatic',
    remedy: 'Nothing to do: it reconnects by itself once the host answers again.',
  },
  'ssh.handshake-failed': {
    meaning: 'The two sides found no common way to speak SSH.',
    recovery: 'user',
    remedy: 'Check that the server is not older than OpenSSH 7.',
  },
  'ssh.host-key-unknown': {
    meaning: 'The host has never been seen before and its key was not accepted.',
    recovery: 'user',
    remedy: 'Compare the fingerprint with the one the host shows, then connect again and accept it.',
  },
  'ssh.host-key-changed': {
    meaning: 'The host shows another key than the one on record. Somebody may be listening in.',
    recovery: 'user',
    remedy:
      'Ask the owner of the host. If the change is right, remove the old line from known_hosts and connect again.',
  },
  'ssh.host-key-revoked': {
    meaning: 'The host shows a key that is marked as revoked in known_hosts.',
    recovery: 'user',
    remedy: 'Do not connect. Ask the owner of the host for its new key.',
  },
  'ssh.host-key-unsupported': {
    meaning: 'known_hosts trusts this host through a certificate authority, which is not supported.',
    recovery: 'user',
    remedy: 'Add the plain key of the host to known_hosts.',
  },
  'ssh.known-hosts-unusable': {
    meaning: 'A known_hosts file cannot be read or written.',
    recovery: 'user',
    remedy: 'Give this user the right to read and write the named file.',
  },
  'ssh.auth-failed': {
    meaning: 'The host refused every key and password that was offered.',
    recovery: 'user',
    remedy: 'Check the user name, and that the public key is in authorized_keys on the host.',
  },
  'ssh.key-unreadable': {
    meaning: 'A private key file cannot be used.',
    recovery: 'user',
    remedy: 'Check the path, the permissions and the format of the key file.',
  },
  'ssh.passphrase-wrong': {
    meaning: 'The passphrase does not open the private key.',
    recovery: 'user',
    remedy: 'Connect again and type the passphrase of that key file.',
  },
  'ssh.agent-unavailable': {
    meaning: 'The SSH agent does not answer.',
    recovery: 'user',
    remedy: 'Start the agent, or name a key file for the host.',
  },
  'ssh.jump-failed': {
    meaning: 'A jump host on the way could not be passed.',
    recovery: 'automatic',
    remedy: 'Check that the jump host allows TCP forwarding and reaches the next host.',
  },
  'ssh.forwarding-refused': {
    meaning: 'The SSH server does not allow this kind of forwarding.',
    recovery: 'user',
    remedy:
      'Set "AllowTcpForwarding yes" (and "AllowStreamLocalForwarding yes" for sockets) in sshd_config there, and check permitopen and permitlisten of the key.',
  },
  'ssh.forward-target-refused': {
    meaning: 'The SSH server could not reach the forwarded address from its side.',
    recovery: 'automatic',
    remedy: 'Check that the program behind that address runs on the host.',
  },
  'ssh.remote-port-taken': {
    meaning: 'Another program on the client already listens on the port that should become the tunnel.',
    recovery: 'user',
    remedy: 'Stop that program on the client, or choose the port that is offered instead.',
  },
  'ssh.remote-port-held-by-old-session': {
    meaning:
      'Our own earlier session still holds the port on the client; the server has not noticed that it died.',
    recovery: 'automatic',
    remedy:
      'Nothing to do: it is taken back as soon as the server lets go. ClientAliveInterval 5 in its sshd_config makes that quick.',
  },
})
