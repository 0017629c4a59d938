import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { REQUEST_DOCUMENT } from '../../src/elastic/document.ts'
import { DOCUMENT_JSON } from '../../src/elastic/document-sql.ts'
import { createDocuments, type DocumentOptions } from '../../src/elastic/documents.ts'
import { documentHash, recordHash } from '../../src/elastic/record.ts'
import { findingsOfRequests } from '../../src/findings/request-findings.ts'
import { findingSettings } from '../../src/findings/settings.ts'
import { redactor } from '../../src/model/redact.ts'
import type { Store } from '../../src/store/store.ts'
import { type Exchange, written } from '../support/exchanges.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const config = CONFIG.parse({ trustedProxies: ['10.30.0.8/29'] })
const findings = findingsOfRequests(findingSettings(config), () => NOON)
const id = {
  gateway: { dc_correlation_id: 'id-2-00000001', client_id: 'c' },
  app: { 'X-Correlation-ID': 'id-2-00000001', 'c-ip': '10.30.0.11' },
}
const EXCHANGES: readonly Exchange[] = [
  { atMs: 0, path: '/past', recorded: 'app', app: { 'c-ip': '10.40.7.9', 'X-Forwarded-User': 'ann@corp.example' } },
  { atMs: 60_000, path: '/whole', ...id },
] // biome-ignore format: rows

type Doc = Readonly<Record<string, unknown>>

async function documentsOf(store: Store, options: DocumentOptions): Promise<Map<unknown, Doc>> {
  await createDocuments(store, '2026-07-01', options)
  const rows = await store.db.rows<{ doc: string; hash: string }>(
    `SELECT ${DOCUMENT_JSON} AS doc, document_hash AS hash FROM documents`,
  )
  for (const { doc, hash } of rows) {
    const document = JSON.parse(doc) as Doc
    expect(REQUEST_DOCUMENT.parse(document)).toEqual(document)
    // What SQL hashes is what a reader of the document computes anew.
    expect(documentHash(document)).toBe(hash)
    expect(recordHash(document)).toBe(document['throughline.record_hash'])
  }
  return new Map(rows.map(({ doc }) => [(JSON.parse(doc) as Doc)['url.path'], JSON.parse(doc) as Doc]))
}

test('documents name rules, incidents and findings, and are others where these change', () =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      for (const side of ['gateway', 'app'] as const)
        store.append({ kind: 'coverage', side, from: '2026-06-30', to: '2026-07-03' })
      await ingestInto(store, writeFiles(join(folder, 'logs'), written(EXCHANGES).files), { config })
      const without = await documentsOf(store, {})
      const told = await documentsOf(store, { findings })
      const past = told.get('/past')
      expect(past?.['rule.id']).toEqual(['gateway-bypass', 'identity-header-from-untrusted-proxy'])
      const incident = expect.stringMatching(/^inc-[0-9a-f]{16}$/)
      expect(past?.['throughline.incidents']).toEqual([incident, incident])
      expect(past?.findings).toEqual([
        { rule: 'gateway-bypass', incident, severity: 'high' },
        { rule: 'identity-header-from-untrusted-proxy', incident, severity: 'high' },
      ])
      const hash = 'throughline.document_hash'
      expect(past?.[hash]).not.toBe(without.get('/past')?.[hash])
      expect(past?.['throughline.record_hash']).toBe(without.get('/past')?.['throughline.record_hash'])
      // A request without findings is the document that it was.
      expect(told.get('/api/whole')).toEqual(without.get('/api/whole'))
      const hidden = await documentsOf(store, { findings, redact: redactor(Buffer.alloc(32, 1)) })
      expect(hidden.get('/past')?.findings).toEqual(past?.findings)
      expect(JSON.stringify(hidden.get('/past'))).not.toMatch(/ann@corp|10\.40\.7\.9/)
    }),
  ))
