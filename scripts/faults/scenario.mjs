// What is run, killed and run again. A step is added with one line: its arguments, and what it finds in place.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ledger } from '../../dist/ledger/chain.js'

/** One entry each. */
const COVERS = Array.from({ length: 10 }, (_, i) => `app:${2010 + i}-01-01/${2020 + i}-01-01`)
const APART = ['--config', 'apart.yaml']

/**
 * Steps in order, each on the store that the one before has left. `before` changes that store first; `killed` is what is killed instead, at random moments only, where `args` end alike but
 * do not go on for ever.
 */
export const STEPS = [
  { name: 'ingest', args: ['ingest', 'logs/1/apigee', 'logs/1/iis', 'logs/1/httperr', 'logs/broken.log'] },
  { name: 'ingest more', args: ['ingest', 'logs/2/apigee', 'logs/2/iis', 'logs/2/httperr', '--covers', 'app:2026-03-01/2026-03-02'] },
  { name: 'subjects', args: ['subjects', 'import', 'people.csv'] },
  { name: 'rederive', args: ['link', '--rederive', ...APART] },
  { name: 'close', args: ['link', '2026-03-02', '2026-03-03', '--close', ...APART] },
  { name: 'compact', args: ['store', 'compact', '--no-wait', ...APART] },
  { name: 'hold', args: ['hold', 'add', '--filter', 'status:599', '--reason', 'trial', '--author', 'trial', ...APART] },
  { name: 'rotate', args: ['ledger', 'key', '--rotate', ...APART] },
  { name: 'declare', args: ['ingest', 'logs/1/iis', ...APART, '--covers', ...COVERS], before: fillLedger },
  { name: 'repair', args: ['store', 'repair', ...APART], before: damageDerived },
  { name: 'prune', args: ['store', 'prune', '--before', '2026-03-03', '--no-wait', '--why', 'trial', ...APART] },
  { name: 'erase', args: ['erase', '--subject', 'svc-orders-sync', '--reason', 'trial', '--author', 'trial', '--no-wait', ...APART] },
  { name: 'follow', args: ['ingest', 'logs'], killed: ['ingest', '--follow', 'logs'], before: forget },
] // biome-ignore format: a table

/** There is no store yet. */
function forget(store) {
  rmSync(store, { recursive: true })
}

/** Brings the ledger near to the entry at which a snapshot is due. */
function fillLedger(store) {
  const ledger = Ledger.open(store)
  while (ledger.nextSeq() < 250)
    ledger.append(
      { kind: 'coverage', side: 'app', from: '2001-01-01', to: '2002-01-01' },
      '2026-03-04T00:00:00Z',
      'faults',
    )
}

/** Loses what can be made again, and leaves something behind. */
function damageDerived(store) {
  rmSync(join(store, 'index'), { recursive: true })
  rmSync(join(store, 'links'), { recursive: true })
  mkdirSync(join(store, 'tmp/left'), { recursive: true })
  writeFileSync(join(store, 'tmp/left/0.csv'), 'a line')
}

/** Writes logs, configuration and directory of the scenario. */
export async function writeInputs(folder, run) {
  const traffic = ['--applications', '2', '--hosts-per-site', '1', '--rate-per-second', '0.25', '--refused-share', '0.05']
  await run(['simulate', 'logs/1', '--seed', '9', '--start', '2026-03-02T23:54:00Z', '--hours', '0.15', ...traffic])
  await run(['simulate', 'logs/2', '--seed', '4', '--start', '2026-03-03T00:10:00Z', '--hours', '0.15', ...traffic])
  const broken = '#Fields: date time s-computername cs-uri-stem\r\n2026-03-02 22:00:00\r\n2026-03-02 22:00:01 web-x /a\r\n'
  writeFileSync(join(folder, 'logs/broken.log'), broken)
  writeFileSync(join(folder, 'people.csv'), 'subject,name\nCORP\\ann,ann@corp.example\nCORP\\bob,bob@corp.example\nsvc-orders-sync,client:4711\n')
  writeFileSync(
    join(folder, 'apart.yaml'),
    'applications:\n  - name: payroll\n    gateway: { proxies: [payroll-v1] }\n    app: { hosts: ["*PAY*"] }\n',
  )
} // biome-ignore format: long texts
