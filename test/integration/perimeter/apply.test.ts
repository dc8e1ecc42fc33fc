import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { changeArchive, changeId } from '../../../src/perimeter/apply/change.ts'
import { APPLY_FOLDER } from '../../../src/perimeter/apply/keeper.ts'
import { askKeeper, keeperState, putChange } from '../../../src/perimeter/apply/remote.ts'
import type { Rendering } from '../../../src/perimeter/render/rendering.ts'
import { type ApplyWorld, startApplyWorld } from '../../support/perimeter-lab/apply-world.ts'
import { SHIMS, whyNoLab } from '../../support/perimeter-lab/world.ts'
import { soon } from '../../support/soon.ts'

const why = whyNoLab()
beforeAll(() => {
  if (why !== undefined) console.warn(`skipped: ${why}`)
})

const FOUR_FILES = [
  '/etc/sovereign/router.nft',
  '/etc/sovereign/forwarding.conf',
  '/etc/wireguard/wg0.conf',
  '/etc/systemd/system/sovereign-router-firewall.service',
]

describe.skipIf(why !== undefined)('a perimeter on a router, over SSH', { timeout: 120_000 }, () => {
  test('stands once it was confirmed, tells what drifted, and goes away whole', async () => {
    const { edit, file, perimeter, router, sshToRouter } = await startApplyWorld(onTestFinished)
    await router.sh('mkdir -p /etc/sovereign && echo mine > /etc/sovereign/router.nft')
    const before = await router.sh('sysctl -n net.ipv4.ip_forward; nft list ruleset')

    const applied = await perimeter('apply', '--yes')
    expect(applied, applied.stderr).toMatchObject({ code: 0 })
    expect(applied.stdout).toContain('The perimeter stands on router.')
    await router.sh(`test -s ${FOUR_FILES.join(' && test -s ')} && nft list table inet sovereign_router`)
    const key = (await router.sh('wg show wg0 public-key')).trim()
    expect(readFileSync(file, 'utf8')).toContain('// The perimeter at home.')
    expect(readFileSync(file, 'utf8')).toContain(`"publicKey": "${key}"`)

    expect(await perimeter('diff')).toMatchObject({
      code: 0,
      stdout: 'The machine is as the perimeter file says.\n',
    })
    await router.sh(`
      nft add rule inet sovereign_router forward tcp dport 11434 accept
      echo '# by hand' >> /etc/wireguard/wg0.conf`)
    const drifted = await perimeter('diff')
    expect(drifted.code).toBe(1)
    expect(drifted.stdout).toContain('differs  /etc/wireguard/wg0.conf  (the VPN)\n  - # by hand')
    expect(drifted.stdout).toMatch(
      /in force, by "nft -s list table inet sovereign_router", since it was confirmed:\n {2}\+ tcp dport 11434 accept/,
    )

    edit(({ server }) => Object.assign(server ?? {}, { port: 11500, mac: '02:00:00:00:00:01' }))
    expect(await perimeter('apply', '--yes')).toMatchObject({ code: 0 })
    expect(await router.sh('nft list table inet sovereign_router')).toContain('tcp dport 11500')
    edit(({ server }) => Object.assign(server ?? {}, { mac: undefined }))
    expect(await perimeter('diff')).toMatchObject({
      code: 1,
      stdout: 'leftover /etc/dnsmasq.d/sovereign-perimeter.conf  (applied once, not wanted any more)\n',
    })

    expect(await perimeter('remove')).toMatchObject({ code: 0 })
    expect(await perimeter('remove')).toMatchObject({
      code: 1,
      stderr: 'Nothing of this program is applied on router.\nThere is nothing to take away.\n',
    })
    expect(await router.sh('sysctl -n net.ipv4.ip_forward; nft list ruleset')).toBe(before)
    expect(await router.sh('cat /etc/sovereign/router.nft')).toBe('mine\n')
    expect(await router.run(['test', '-e', '/etc/wireguard/wg0.conf'])).toMatchObject({ code: 1 })
    expect(await sshToRouter('echo in')).toBe('in\n')
  })

  test('is not looked at by a login that may not act as root, which says so', async () => {
    const { perimeter, router } = await startApplyWorld(onTestFinished)
    expect(await perimeter('apply', '--yes')).toMatchObject({ code: 0 })
    expect((await perimeter('confirm')).stderr).toContain(
      'No change on router waits to be confirmed. The last one was kept.',
    )
    await router.sh(`
      printf '#!/bin/sh\\necho 1000\\n' > ${SHIMS}/id
      printf '#!/bin/sh\\necho "sudo: a password is required" >&2\\nexit 1\\n' > ${SHIMS}/sudo
      chmod 755 ${SHIMS}/id ${SHIMS}/sudo`)
    const { code, stderr, stdout } = await perimeter('diff')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('may not act as root (sudo: a password is required).')
  })

  test('that keeps its owner out is taken back by the router itself', async () => {
    const { edit, perimeter, router, sshToRouter } = await startApplyWorld(onTestFinished)
    expect(await perimeter('apply', '--yes')).toMatchObject({ code: 0 })
    const good = await router.sh('nft -s list ruleset')
    edit(({ router: described, server }) => {
      // A slip of the keyboard: nobody is behind this interface, so the LAN is none any more.
      Object.assign((described?.lan as object) ?? {}, { device: 'lan9' })
      Object.assign((server?.isolation as object) ?? {}, { device: 'lan0.20' })
    })
    const { code, stderr } = await perimeter('apply', '--yes', '--seconds', '20')
    expect(stderr).toContain('could not be reached after the change')
    expect(code).toBe(1)
    expect(await sshToRouter('echo in')).toBe('in\n')
    expect(await router.sh('nft -s list ruleset')).toBe(good)
    expect(await router.run(['test', '-e', `${APPLY_FOLDER}/pending`])).toMatchObject({ code: 1 })
  })
})

/** Two files, one of which the machine has already. */
function smallChange(activate: Rendering['activate'] = [['true']]): Rendering {
  const files = ['old', 'new'].map((name) => ({
    ...{ path: `/etc/sovereign-test/${name}.conf`, mode: 0o640, content: `changed ${name}\n` },
    purpose: 'a test',
  }))
  return {
    machine: 'router',
    files,
    activate,
    deactivate: [
      ['sh', '-c', 'echo nothing to end here >&2'],
      ['touch', '/run/deactivated'],
    ],
  }
}

async function begin({ remote, router }: ApplyWorld, change: Rendering, seconds: number): Promise<string> {
  await router.sh('mkdir -p /etc/sovereign-test && echo before > /etc/sovereign-test/old.conf')
  await putChange(remote, await changeArchive(change))
  await askKeeper(remote, 'go', [String(seconds), changeId(change)])
  return changeId(change)
}

const asBefore = async ({ router }: ApplyWorld): Promise<void> => {
  expect(await router.sh('cat /etc/sovereign-test/old.conf; ls /etc/sovereign-test')).toBe(
    'before\nold.conf\n',
  )
  expect(await router.run(['test', '-e', '/etc/systemd/system/sovereign-undo.service'])).toMatchObject({
    code: 1,
  })
}

describe.skipIf(why !== undefined)('a change that waits to be confirmed', { timeout: 60_000 }, () => {
  test('is there with its rights, keeps others away, and is taken back when nobody confirms it', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    const id = await begin(world, smallChange(), 4)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    expect(await router.sh('cat /etc/sovereign-test/old.conf; stat -c %a /etc/sovereign-test/new.conf')).toBe(
      'changed old\n640\n',
    )
    await expect(putChange(remote, await changeArchive(smallChange()))).rejects.toMatchObject({
      code: 'perimeter.pending',
    })
    await expect(askKeeper(remote, 'confirm', ['another'])).rejects.toMatchObject({
      code: 'perimeter.not-pending',
    })
    await soon(async () => expect((await keeperState(remote)).result).toBe('expired'))
    await asBefore(world)
    await expect(askKeeper(remote, 'confirm', [id])).rejects.toMatchObject({ code: 'perimeter.not-pending' })
  })

  test('is undone at once on demand, and kept once it is confirmed', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    const id = await begin(world, smallChange(), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    await askKeeper(remote, 'undo', [id])
    await asBefore(world)
    expect(await router.run(['test', '-e', `${APPLY_FOLDER}/original`])).toMatchObject({ code: 1 })
    await begin(world, smallChange(), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    await askKeeper(remote, 'confirm', [id])
    expect(await keeperState(remote)).toMatchObject({ pending: undefined, result: 'confirmed', applied: id })
    expect(await router.sh('cat /etc/sovereign-test/new.conf')).toBe('changed new\n')
  })

  test('leaves a machine forwarding that did so before, though its firewall ends the forwarding', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    await router.sh('sysctl -q -w net.ipv4.ip_forward=1')
    const change = smallChange()
    const id = await begin(
      world,
      { ...change, deactivate: [['sysctl', '-q', '-w', 'net.ipv4.ip_forward=0']] },
      600,
    )
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    await askKeeper(remote, 'undo', [id])
    expect(await router.sh('sysctl -n net.ipv4.ip_forward')).toBe('1\n')
  })

  test('that fails half-way is taken back with what it said', async () => {
    const world = await startApplyWorld(onTestFinished)
    await begin(
      world,
      smallChange([['true'], ['sh', '-c', 'echo no such device >&2; false'], ['touch', '/run/never']]),
      600,
    )
    await soon(async () => expect((await keeperState(world.remote)).result).toBe('failed'))
    const { log } = await keeperState(world.remote)
    // What taking it back had to say would only mislead.
    expect(log.at(-1)).toBe('no such device')
    expect(await world.router.run(['test', '-e', '/run/never'])).toMatchObject({ code: 1 })
    await asBefore(world)
  })

  test('is gone after the machine lost its power', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    await begin(world, smallChange(), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    await router.sh("pkill -KILL -f '[k]eeper begin'")
    const unit = await router.sh('cat /etc/systemd/system/sysinit.target.wants/sovereign-undo.service')
    const [, start] = /^ExecStart=(.*)$/m.exec(unit) ?? []
    await router.sh(String(start))
    expect((await keeperState(remote)).result).toBe('rebooted')
    await asBefore(world)
  })

  test('of which a file cannot be written is taken back, and none of it counts', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    await router.sh('mkdir -p /etc/sovereign-test && mount -t tmpfs -o size=64k tmpfs /etc/sovereign-test')
    const { files, ...rest } = smallChange([['touch', '/run/counts']])
    const large = files.map((one, index) => (index === 0 ? { ...one, content: 'x'.repeat(200_000) } : one))
    await begin(world, { ...rest, files: large }, 600)
    await soon(async () => expect((await keeperState(remote)).result).toBe('failed'))
    expect(await router.run(['test', '-e', '/run/counts'])).toMatchObject({ code: 1 })
    expect((await keeperState(remote)).log.join('\n')).toContain('No space left on device')
    await asBefore(world)
  })

  test('is taken back on a disk that has filled up meanwhile', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    await router.sh('mkdir -p /etc/sovereign-test && mount -t tmpfs -o size=64k tmpfs /etc/sovereign-test')
    const id = await begin(world, smallChange(), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    // The new file goes away and makes room for nothing: its place is taken at once.
    await router.sh('cd /etc/sovereign-test && rm new.conf && (cat /dev/zero > fill 2>/dev/null || true)')
    await askKeeper(remote, 'undo', [id])
    await router.sh('rm /etc/sovereign-test/fill')
    await asBefore(world)
  })

  test('is taken back whole when nobody listens any more', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    const live = (text: string): Rendering => {
      const { files, ...rest } = smallChange([['cp', '/etc/sovereign-test/old.conf', '/run/live']])
      return { ...rest, files: files.map((one) => ({ ...one, content: text })) }
    }
    const first = await begin(world, live('first'), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    await askKeeper(remote, 'confirm', [first])
    const second = await begin(world, live('second'), 600)
    await soon(async () => expect((await keeperState(remote)).activated).toBe('ok'))
    // A pipe that nobody reads any more behaves as one that is closed, but for the moment when it does.
    await router.sh(`sh ${APPLY_FOLDER}/keeper undo ${second} >&- 2>&- || true`)
    expect((await keeperState(remote)).result).toBe('undone')
    expect(await router.sh('cat /run/live')).toBe('before\n')
  })

  test('is the one that was handed over, though somebody else hands one over as well', async () => {
    const world = await startApplyWorld(onTestFinished)
    const { remote, router } = world
    await router.sh('mkdir -p /etc/sovereign-test && echo before > /etc/sovereign-test/old.conf')
    const [mine, theirs] = [smallChange([['true']]), smallChange([['touch', '/run/theirs']])]
    await putChange(remote, await changeArchive(mine))
    await putChange(remote, await changeArchive(theirs))
    await expect(askKeeper(remote, 'go', ['600', changeId(mine)])).rejects.toMatchObject({
      code: 'perimeter.pending',
      message: expect.stringContaining('Somebody else'),
    })
    await asBefore(world)
    // While one is being taken in, another has to wait; one that died over it is in nobody's way.
    await router.sh('ln -s 1 /var/run/sovereign-apply')
    await expect(putChange(remote, await changeArchive(mine))).rejects.toMatchObject({
      code: 'perimeter.pending',
    })
    await router.sh('ln -sfn 999999999 /var/run/sovereign-apply')
    await putChange(remote, await changeArchive(mine))
  })

  test('is refused where there is no room for it, with everything as it was', async () => {
    const world = await startApplyWorld(onTestFinished)
    await world.router.sh(
      'mkdir -p /etc/sovereign/apply && mount -t tmpfs -o size=40k tmpfs /etc/sovereign/apply',
    )
    const large = smallChange()
    const files = large.files.map((one) => ({ ...one, content: 'x'.repeat(100_000) }))
    await world.router.sh('mkdir -p /etc/sovereign-test && echo before > /etc/sovereign-test/old.conf')
    await expect(putChange(world.remote, await changeArchive({ ...large, files }))).rejects.toMatchObject({
      code: 'perimeter.refused',
    })
    await asBefore(world)
  })
})
