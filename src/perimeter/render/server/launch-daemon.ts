import { PF_ANCHOR, PF_FILE } from './pf.ts'

export const PF_LABEL = 'sovereign.perimeter.pf'
export const PF_DAEMON = `/Library/LaunchDaemons/${PF_LABEL}.plist`

/** pf counts who has switched it on (pfctl(8), -E), so it is switched on only where it is off. */
const LOAD =
  `/sbin/pfctl -q -a ${PF_ANCHOR} -f ${PF_FILE} && ` +
  "{ /sbin/pfctl -q -s info 2>/dev/null | /usr/bin/grep -q 'Status: Enabled' || /sbin/pfctl -q -E; }"

/** Loads the rules at boot, and again within a minute if something has emptied them since. */
export function pfLaunchDaemon(): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${PF_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
    <string>/bin/sh</string>
    <string>-c</string>
    <string>${LOAD.replaceAll('&', '&amp;').replaceAll('>', '&gt;')}</string>
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>StartInterval</key>
  <integer>60</integer>
</dict>
</plist>
`
}
