import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG, type Config } from '../../src/config/schema.ts'
import { importAliases } from '../../src/pipeline/subjects.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import { ReadRecord } from '../../src/store/reads.ts'
import { Store } from '../../src/store/store.ts'
import { closeAll } from './days.ts'
import { inFolder, writeFiles } from './folder.ts'
import { ingestInto, NOON } from './store.ts'

/** The person whom tests erase, as the gateway and as IIS names her. */
export const ANN = 'alice.meyer@corp.example'
export const ANN_IIS = 'CORP\\alice.meyer'
/** Somebody else. */
export const BOB = 'chiara.novak@corp.example'

export const WORDS = { why: 'request 17', who: 'tester' }

const { subjects } = CONFIG.parse({ subjects: { rules: [{ match: 'CORP\\*', as: '*@corp.example' }] } })
export const CONFIGURED: Config = { ...CONFIG.parse({}), subjects }

/** Lines that name the person elsewhere: in her own path, in those of somebody else, and where nothing can be read. */
const LINES = [
  '#Fields: date time s-computername cs-method cs-uri-stem cs-uri-query cs-username c-ip sc-status',
  `2026-03-02 23:50:00 WEB-X GET /people/${ANN}/pay a=1 ${ANN_IIS} 10.1.2.3 200`,
  '2026-03-02 23:50:00 WEB-X GET /people/Alice.Meyer/alice.meyer - CORP\\alice.meyer 10.1.2.3 200',
  `2026-03-02 23:51:00 WEB-X GET /people/${ANN}/pay u=${encodeURIComponent(ANN)} CORP\\chiara.novak 10.1.2.4 200`,
  '2026-03-02 23:52:00 WEB-X GET /malice.meyers - CORP\\chiara.novak 10.1.2.4 200',
  `2026-03-02 23:53:00 WEB-X /torn ${ANN} is quoted here`,
  '2026-03-02 23:54:00 WEB-X /torn nobody',
]

export interface Company {
  readonly store: Store
  readonly folder: string
}

/** Opens a store for writing with ids that differ from each other. */
export async function openStore(path: string): Promise<Store> {
  let ids = 0
  const newId = (): string => `${(0xabc00000 + ids++).toString(16)}-0000-4000-8000-000000000000`
  return Store.write({ path, memoryMiB: 512, threads: 1 }, { now: () => NOON, newId, by: 'test' })
}

/** A store with two days of a company's traffic around midnight, closed and linked. */
export function withCompany<T>(seed: number, action: (company: Company) => Promise<T>): Promise<T> {
  return inFolder(async folder => {
    const logs = join(folder, 'logs')
    await writeSimulation({ seed, start: '2026-03-02T23:45:00Z', hours: 0.4, ratePerSecond: 0.5, users: 6, hostsPerSite: 1 }, logs)
    const [extra = ''] = writeFiles(folder, { 'extra.log': LINES.map(line => `${line}\r\n`).join('') })
    const store = await openStore(join(folder, 'store'))
    try {
      await ingestInto(store, [join(logs, 'apigee'), join(logs, 'iis'), extra], { config: { subjects } })
      await importAliases(store, 'people.csv', [
        { subject: ANN, names: ['client:4711', ANN_IIS] },
        { subject: BOB, names: ['client:4712'] },
      ])
      await ingestInto(store, [], { config: { subjects } })
      closeAll(store)
      return await action({ store, folder })
    } finally {
      store.close()
    }
  })
} // biome-ignore format: options

/** Leaves a record of somebody who asked for a text. */
export function askFor(store: Store, filter: string): void {
  const at = new Date(NOON).toISOString()
  ReadRecord.begin(store.root, { command: 'query', what: { filter } }, { at, who: 'auditor' }).end({ rows: 3 }, at)
} // biome-ignore format: one call

/** Files of a store in which a text stands, in any case, also where Parquet hides it; paths below the store. */
export async function filesWith({ root, db }: Store, text: string): Promise<string[]> {
  const wanted = text.toLowerCase()
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(e => e.isFile())
  const found: string[] = []
  for (const file of files.map(e => join(e.parentPath, e.name))) {
    const isPlain = readFileSync(file, 'latin1').toLowerCase().includes(wanted)
    const rows = file.endsWith('.parquet')
      ? await db.row<{ n: string }>(
          `SELECT count(*)::VARCHAR AS n FROM read_parquet('${file}', hive_partitioning = false) AS t WHERE contains(lower(t::VARCHAR), $text)`,
          { text: wanted },
        )
      : { n: '0' }
    if (isPlain || rows.n !== '0') found.push(file.slice(root.length + 1))
  }
  return found.sort()
}
