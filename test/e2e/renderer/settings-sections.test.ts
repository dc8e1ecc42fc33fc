import { expect, test } from 'vitest'
import { seriousFindings } from '../../support/open-renderer.ts'
import { goTo, save, saved, settingsPages, WORK } from './settings-pages.ts'

const open = settingsPages()

test('the proxy is given a tunnel that AWS starts, with rules, and each mistake stands at its field', async () => {
  const opened = await open()
  const { page, complaints } = opened
  await goTo(page, 'Proxy')
  await page.getByLabel('Through a tunnel server').check()
  await expect.poll(() => page.getByLabel('There is a tunnel server').isDisabled()).toBe(true)
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.getByLabel('CA of the tunnel').fill('~/tunnel/ca.pem')
  await page.getByLabel('Certificate of this computer').fill('tunnel/laptop.pem')
  await page.getByText('Use an absolute path, or one that begins with ~/.').waitFor()
  await page.getByLabel('Certificate of this computer').fill('~/tunnel/laptop.pem')
  await page.getByLabel('Private key').fill('~/tunnel/laptop.key')
  await page.getByLabel('Starting and stopping it').selectOption('AWS, by its functions')
  for (const name of ['Wake', 'Query', 'Kill'])
    await page
      .getByLabel(`${name} function`)
      .fill(`https://${name.toLowerCase()}.lambda-url.eu-west-1.on.aws/`)
  for (const position of [1, 2]) {
    await page.getByRole('button', { name: 'Add rule' }).click()
    await page.getByRole('group', { name: `Rule ${position}` }).waitFor()
  }
  const rule = (position: number) => page.getByRole('group', { name: `Rule ${position}` })
  await rule(1).getByLabel('Hosts').fill('*.corp.example 10.0.0.0/8')
  await rule(2).getByLabel('Hosts').fill('ads.example')
  await rule(2).getByLabel('Way out').selectOption('Refused')
  await page.getByRole('button', { name: 'Move rule 2 up' }).click()
  await page.getByLabel('Private hosts that the proxy may reach').fill('nas.lan\nhttp://nas.lan/')
  await page.getByText('“http://nas.lan/”: Use a host name').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByLabel('Private hosts that the proxy may reach').fill('nas.lan')
  await page.getByText('The proxy of this computer goes out by its new settings.').waitFor()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({
    profiles: [
      {
        egress: {
          use: 'mtls',
          rules: [
            { hosts: ['ads.example'], use: 'deny' },
            { hosts: ['*.corp.example', '10.0.0.0/8'], use: 'direct' },
          ],
          allowPrivate: ['nas.lan'],
          mtls: {
            ca: '~/tunnel/ca.pem',
            control: { kind: 'aws', wake: 'https://wake.lambda-url.eu-west-1.on.aws/' },
          },
        },
      },
      {},
    ],
  })
  expect(complaints).toEqual([])
})

test('a relay at a URL is given with its files, and another kind loses nothing of it', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Relay')
  await page.getByLabel('At a URL').check()
  await page.getByLabel('Address', { exact: true }).fill('https://relay.example.com')
  await page.getByLabel('Certificate of this bridge').fill('~/me.pem')
  await page.getByText('Needs the field “Private key” as well.').waitFor()
  await page.getByLabel('Private key').fill('~/me.key')
  await page.getByLabel('In this bridge').check()
  await page.getByLabel('At a URL').check()
  await save(page)
  await page.getByText('Saved.').waitFor()
  const relay = { url: 'https://relay.example.com', cert: '~/me.pem', key: '~/me.key' }
  expect(saved(opened)).toMatchObject({ profiles: [{ relay }, {}] })
})

test('a client is added from a host of the SSH config, changed, switched off and removed', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Clients')
  await page.getByRole('button', { name: 'Add client' }).click()
  const dialog = page.getByRole('dialog', { name: 'New client' })
  await dialog.getByLabel('Host').fill('new-vm')
  await dialog.getByText('eve@10.0.0.31, from ~/.ssh/config:9').waitFor()
  await expect.poll(() => dialog.getByLabel('Name').inputValue()).toBe('new-vm')
  await dialog.getByLabel('Name').fill('build-vm')
  await dialog.getByText('This name is taken; give each its own.').waitFor()
  await dialog.getByRole('button', { name: 'Add client' }).click()
  await dialog.getByLabel('Name').fill('fresh')
  await dialog.getByRole('button', { name: 'Add client' }).click()
  await page.getByText('fresh connects.').waitFor()
  await page.getByLabel('build-vm is switched on').uncheck()
  await page.getByText('build-vm is disconnected, as it is switched off.').waitFor()
  await page.getByRole('button', { name: 'Remove gpu-box' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Edit gpu-box' }).click()
  await page.getByRole('dialog').getByLabel('Port', { exact: true }).fill('22')
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({
    profiles: [
      {
        clients: [
          { name: 'build-vm', enabled: false },
          { name: 'gpu-box', ssh: { host: '10.0.4.12', port: 22, user: 'eve' } },
          { name: 'fresh', ssh: 'new-vm', listen: '127.0.0.1:8080' },
        ],
      },
      {},
    ],
  })
})

test('profiles are switched, named, duplicated and deleted', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Profiles')
  await page.getByRole('button', { name: 'Duplicate work' }).click()
  await page.getByLabel('Name of profile 3').fill('office')
  await page.getByLabel('Use office').check()
  await page.getByRole('button', { name: 'Delete home' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await save(page)
  await page.getByText('Saved.').waitFor()
  const { clients } = WORK
  expect(saved(opened)).toMatchObject({
    activeProfile: 'office',
    profiles: [{ name: 'work' }, { name: 'office', clients: clients.map(({ name }) => ({ name })) }],
  })
})

test('ten thousand clients are shown a page at a time and found by a filter', async () => {
  const clients = Array.from({ length: 10_000 }, (_, index) => ({ name: `vm-${index}`, ssh: `vm-${index}` }))
  const { page } = await open(JSON.stringify({ clients }))
  await goTo(page, 'Clients')
  await page.getByText('50 of 10,000 shown').waitFor()
  await page.getByLabel('Filter clients').fill('vm-9876')
  await page.getByText('1 of 10,000 shown').waitFor()
  await page.getByLabel('vm-9876 is switched on').uncheck()
  await page.getByText('vm-9876 is disconnected').waitFor()
})
