import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { documentFieldOf, fieldAliases, freeTextFields } from './aliases.ts'
import { COVERAGE_FIELDS } from './coverage-fields.ts'
import { REQUEST_DOCUMENT } from './document.ts'
import { DOCUMENT_FIELDS } from './fields.ts'
import { coverageMappings, requestMappings } from './mapping.ts'

const { properties } = requestMappings()
const names = DOCUMENT_FIELDS.map(f => f.name)

test('document, schema, mapping and reference have the same fields', () => {
  const { properties: schema } = JSON.parse(readFileSync('schemas/request-document.json', 'utf8'))
  expect(Object.keys(schema)).toEqual(names)
  expect(Object.keys(REQUEST_DOCUMENT.shape)).toEqual(names)
  const mapped = Object.entries(properties).filter(([, p]) => p.type !== 'alias')
  expect(mapped.map(([name]) => name)).toEqual(names)
  expect(mapped.map(([, { type }]) => type)).toEqual(DOCUMENT_FIELDS.map(f => f.type))
  const page = readFileSync('docs/elastic.md', 'utf8')
  const block = page.slice(page.indexOf('generated: fields'), page.indexOf('<!-- end -->'))
  expect([...block.matchAll(/^\| `([^`]+)`/gm)].map(m => m[1])).toEqual(names)
})

test('coverage, its mapping and reference have the same fields', () => {
  expect(Object.keys(coverageMappings().properties)).toEqual(COVERAGE_FIELDS.map(f => f.name))
})

test('every name of the filter language is a field or an alias of one', () => {
  for (const field of REQUEST_FIELDS) {
    for (const name of [field.name, ...field.aliases]) {
      const found = properties[name]
      expect(found, name).toBeDefined()
      if (found?.type === 'alias') expect(found.path).toBe(documentFieldOf(field).name)
    }
  }
})

// What toSql compares has the type that Elasticsearch needs to compare alike.
const COMPARABLE = {
  keyword: 'keyword', path: 'keyword', integer: 'long', decimal: 'double', boolean: 'boolean', timestamp: 'date_nanos', date: 'date',
} as const // biome-ignore format: a table

test('fields of the filter language are compared as their type says, in the case in which they are stored', () => {
  for (const field of REQUEST_FIELDS) {
    const { type, isFolded } = documentFieldOf(field)
    expect([field.name, type, isFolded === true]).toEqual([
      field.name,
      COMPARABLE[field.type],
      field.caseInsensitive === true,
    ])
  }
})

test('aliases lead to fields, and never to themselves', () => {
  for (const [alias, name] of fieldAliases()) {
    expect(names).toContain(name)
    expect(names).not.toContain(alias)
  }
})

test('a value without a field name is looked for in the same fields', () => {
  expect(freeTextFields().sort()).toEqual(
    [
      'event.id', 'http.request.id', 'throughline.client.id', 'throughline.developer.app', 'throughline.message_id',
      'trace.id', 'url.path', 'user.name',
    ].sort(),
  ) // biome-ignore format: a table
})
