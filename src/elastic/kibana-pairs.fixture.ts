import type { FilterField } from '../requests/filter/index.ts'
import type { Query } from './query.ts'

/** A filter text, what Kibana makes of it, and what we make of it. */
export interface Pair {
  readonly text: string
  /** Kibana's translation with its time zone set to UTC, or that it refuses the text. */
  readonly kibana: object | 'refused'
  /** Our translation, or a piece of the message with which we refuse it. */
  readonly ours: Query | RegExp
  /** Where the meaning was looked up. */
  readonly source: string
}

const field = (name: string, type: FilterField['type'], freeText = false): FilterField => ({
  name,
  aliases: [],
  type,
  column: name,
  description: '',
  freeText,
})

/** Fields that the documentation and the tests of Kibana and Elasticsearch use, with types that requests have. */
export const PAIR_FIELDS: readonly FilterField[] = [
  ...['extension', 'machine.os', 'tags', 'field', 'value', 'user.first', 'span.name'].map(name => field(name, 'keyword')),
  ...['http.request.method', 'http.request.referrer', 'http.request.body.content'].map(name => field(name, 'keyword')),
  ...['foo', 'mapped_string'].map(name => field(name, 'keyword', true)),
  ...['response', 'bytes', 'account_number', 'items_sold', 'mapped_int'].map(name => field(name, 'integer')),
  ...['http.response.status_code', 'http.response.bytes'].map(name => field(name, 'integer')),
  ...['@timestamp', 'updated_at'].map(name => field(name, 'timestamp')),
  field('mapped_double', 'decimal'),
  field('ssl', 'boolean'),
] // biome-ignore format: a table

/** What `now` means in the pairs. */
export const PAIR_NOW = new Date('2026-07-15T10:20:30Z')

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────

const KUERY = 'elastic/kibana src/platform/packages/shared/kbn-es-query/src/kuery/'
const AST = `${KUERY}ast/ast.test.ts`
const IS = `${KUERY}functions/is.test.ts`
const RANGE = `${KUERY}functions/range.test.ts`
const NOT = `${KUERY}functions/not.test.ts`
const GRAMMAR = `${KUERY}grammar/grammar.peggy`
const ERRORS = `${KUERY}kuery_syntax_error.test.ts`
const ESCAPE = `${KUERY}utils/escape_kuery.test.ts`
/** The manual of today. */
const KQL = 'elastic/docs-content explore-analyze/query-filter/languages/kql.md'
/** The manual of 8.2 and before, with examples that are no longer in it. */
const KQL_OLD = 'elastic/kibana docs/concepts/kuery.asciidoc'
/** Elasticsearch reads KQL itself since 8.16; its tests were written after Kibana's behaviour. */
const ES_KQL = 'elastic/elasticsearch x-pack/plugin/kql/src/test/'
const ES_QUERIES = `${ES_KQL}resources/supported-queries`
const ES_REFUSED = `${ES_KQL}resources/unsupported-queries`
const ES_FIELD = `${ES_KQL}java/org/elasticsearch/xpack/kql/parser/KqlParserFieldQueryTests.java`
const ES_FREE = `${ES_KQL}java/org/elasticsearch/xpack/kql/parser/KqlParserFieldlessQueryTests.java`
const RANGE_QUERY = 'elastic/elasticsearch docs/reference/query-languages/query-dsl/query-dsl-range-query.md'
const issue = (number: number): string => `elastic/kibana#${number}`

// ── Queries ─────────────────────────────────────────────────────────────────────────────────────────────────

type Value = string | number | boolean

const term = (name: string, value: Value): Query => ({ term: { [name]: { value } } })
const wildcard = (name: string, value: string): Query => ({ wildcard: { [name]: { value } } })
const exists = (name: string): Query => ({ exists: { field: name } })
const range = (name: string, bounds: Readonly<Record<string, Value>>): Query => ({
  range: { [name]: bounds },
})
const all = (...items: Query[]): Query => ({ bool: { filter: items } })
const any = (...items: Query[]): Query => ({ bool: { should: items, minimum_should_match: 1 } })
const not = (item: Query): Query => ({ bool: { must_not: [item] } })
const everything: Query = { match_all: {} }

/** As Kibana writes them: a single condition stands in a list of one. */
const k = (query: object): object => ({ bool: { should: [query], minimum_should_match: 1 } })
const kAny = (...items: object[]): object => ({ bool: { should: items, minimum_should_match: 1 } })
const kAll = (...items: object[]): object => ({ bool: { filter: items } })
const kNot = (item: object): object => ({ bool: { must_not: item } })
const kTerm = (name: string, value: Value | null): object => k({ term: { [name]: { value } } })
const kMatch = (name: string, value: Value): object => k({ match: { [name]: value } })
const kPhrase = (name: string, value: string): object => k({ match_phrase: { [name]: value } })
const kWildcard = (name: string, value: string): object => k({ wildcard: { [name]: { value } } })
const kRange = (name: string, bounds: Readonly<Record<string, unknown>>): object =>
  k({ range: { [name]: bounds } })
const kTime = (bounds: Readonly<Record<string, unknown>>, name = '@timestamp'): object =>
  kRange(name, { ...bounds, time_zone: 'UTC' })
const kFree = (query: Value | null, type = 'best_fields'): object => ({
  multi_match: { type, query, lenient: true },
})
const kFreePhrase = (query: string): object => kFree(query, 'phrase')
const kString = (query: string): object => ({ query_string: { query } })
/** A value without a field: the index setting `query.default_field` names the fields. */
const free = (value: string): Query => any(term('foo', value), term('mapped_string', value))
const freeWildcard = (value: string): Query => any(wildcard('foo', value), wildcard('mapped_string', value))

const pair = (text: string, kibana: Pair['kibana'], ours: Pair['ours'], source: string): Pair => ({
  text,
  kibana,
  ours,
  source,
})

export const PAIRS: readonly Pair[] = [
  // Everything.
  pair('', everything, everything, AST),
  pair('  ', everything, everything, AST),
  pair('*:*', everything, everything, `${IS}; ${ES_QUERIES}`),
  pair('(*:*)', everything, everything, ES_QUERIES),
  // A bare * looks for any of the default fields; each request has an id, which is one of them.
  pair('*', kString('*'), everything, ES_QUERIES),

  // Values without a field.
  pair('foo', kFree('foo'), free('foo'), `${AST}; ${ES_FREE}`),
  pair('  foo ', kFree('foo'), free('foo'), AST),
  pair('foo bar', kFree('foo bar'), free('foo bar'), `${AST}; ${ES_FREE}`),
  pair('(foo baz)', kFree('foo baz'), free('foo baz'), ES_FREE),
  pair('200', kFree('200'), free('200'), `${IS}; ${ES_QUERIES}`),
  pair('Hello', kFree('Hello'), free('Hello'), KQL),
  pair('"quick brown fox"', kFreePhrase('quick brown fox'), free('quick brown fox'), KQL_OLD),
  pair('"not foo and bar or baz"', kFreePhrase('not foo and bar or baz'), free('not foo and bar or baz'), ES_FREE),
  pair('"foo*: {(<bar>})"', kFreePhrase('foo*: {(<bar>})'), free('foo*: {(<bar>})'), ES_FREE),
  pair('foo\\:bar', kFree('foo:bar'), free('foo:bar'), ES_FREE),
  pair('foo \\* bar', kFree('foo * bar'), free('foo * bar'), ES_FREE),
  pair('foo \\and bar', kFree('foo and bar'), free('foo and bar'), ES_FREE),
  pair('true', kFree(true), free('true'), AST),
  pair('jpg*', kString('jpg*'), freeWildcard('jpg*'), IS),
  pair('*foo', kString('*foo'), freeWildcard('*foo'), ES_FREE),
  pair('fo*o', kString('fo*o'), freeWildcard('fo*o'), ES_FREE),
  pair('foo*[bar]', kString('foo*\\[bar\\]'), freeWildcard('foo*[bar]'), ES_FREE),
  // Elasticsearch's query_string splits at white space.
  pair('fo* bar', kString('fo* bar'), /name the field/, `${ES_FREE}; ${issue(23001)}`),
  pair('+foo* -bar', kString('\\+foo* \\-bar'), /name the field/, ES_FREE),
  // Words that stand at the edge are text in Kibana, which nobody means.
  pair('foo AND', kFree('foo AND'), /write a condition after/, ES_FREE),
  pair('AND foo', kFree('AND foo'), /on each side/, ES_FREE),
  pair('NOT', kFree('NOT'), /write a condition after/, ES_FREE),
  pair('null', kFree(null), /null/, GRAMMAR),

  // Values of a field.
  pair('response:200', kMatch('response', '200'), term('response', 200), KQL_OLD),
  pair('response:"200"', kPhrase('response', '200'), term('response', 200), IS),
  pair('http.request.method: GET', kTerm('http.request.method', 'GET'), term('http.request.method', 'GET'), `${KQL}; ${IS}`),
  pair('machine.os:Win 7', kTerm('machine.os', 'Win 7'), term('machine.os', 'Win 7'), IS),
  pair('field:"bar baz"', kTerm('field', 'bar baz'), term('field', 'bar baz'), AST),
  pair('mapped_string:(foo baz)', kTerm('mapped_string', 'foo baz'), term('mapped_string', 'foo baz'), ES_FIELD),
  pair('mapped_double:790.9', kMatch('mapped_double', '790.9'), term('mapped_double', 790.9), AST),
  pair('mapped_double:-4', kMatch('mapped_double', '-4'), term('mapped_double', -4), AST),
  pair('response:070', kMatch('response', '070'), term('response', 70), AST),
  pair('ssl:true', kMatch('ssl', true), term('ssl', true), AST),
  pair('ssl:"false"', kPhrase('ssl', 'false'), term('ssl', false), AST),
  pair('field:true', kTerm('field', true), term('field', 'true'), AST),
  pair('field:null', kTerm('field', null), /not field:\*/, GRAMMAR),
  pair('field:"null"', kTerm('field', 'null'), term('field', 'null'), GRAMMAR),
  pair('field:""', kTerm('field', ''), term('field', ''), GRAMMAR),
  pair('http.response.status_code:400 401 404', kMatch('http.response.status_code', '400 401 404'), /several values/, KQL),
  pair('"response":200', kMatch('response', '200'), /without quotes/, ES_FIELD),
  pair('datastream.*: logs', 'refused', /name each field/, KQL),
  pair('machine*:osx', 'refused', /name each field/, AST),
  pair('user:{ first: "Alice" }', 'refused', /nested fields/, KQL),

  // Escapes.
  pair('http.request.referrer: "https://example.com"', kTerm('http.request.referrer', 'https://example.com'), term('http.request.referrer', 'https://example.com'), KQL),
  pair('http.request.referrer: https\\://example.com', kTerm('http.request.referrer', 'https://example.com'), term('http.request.referrer', 'https://example.com'), KQL),
  pair('field:\\\\\\(\\)\\:\\<\\>\\"\\*', kTerm('field', '\\():<>"*'), term('field', '\\():<>"*'), AST),
  pair('field:"\\\\():<>\\"*"', kTerm('field', '\\():<>"*'), term('field', '\\():<>"*'), AST),
  pair('field:foo \\\\ bar', kTerm('field', 'foo \\ bar'), term('field', 'foo \\ bar'), ES_FIELD),
  pair('field:foo\\{bar\\}', kTerm('field', 'foo{bar}'), term('field', 'foo{bar}'), ES_FIELD),
  pair('field:caf\\u00e9', kTerm('field', 'café'), term('field', 'café'), AST),
  pair('field:"a\\u00A0b"', kTerm('field', 'a\u00a0b'), term('field', 'a\u00a0b'), AST),
  pair('field:foo \\or bar', kTerm('field', 'foo or bar'), term('field', 'foo or bar'), `${ES_FIELD}; ${ESCAPE}`),
  pair('field:"I said, \\"Hello.\\""', kTerm('field', 'I said, "Hello."'), term('field', 'I said, "Hello."'), ESCAPE),
  pair('field:"C:\\foo"', kTerm('field', 'C:\\foo'), term('field', 'C:\\foo'), issue(61946)),
  pair('field:"C:\\foo\\"', 'refused', /never closed/, issue(61946)),
  pair('field:\\not foo bar', kTerm('field', 'ot foo bar'), /no escape/, GRAMMAR),
  pair('field:DOMAIN\\andrew', kTerm('field', 'DOMAINandrew'), /no escape/, GRAMMAR),
  pair('field:DOMAIN\\alice', 'refused', /no escape/, GRAMMAR),
  pair('field:This\\nhas', kTerm('field', 'This\nhas'), /no escape/, ESCAPE),
  pair('field:\\u0020a', kTerm('field', 'a'), /white space at the edge/, GRAMMAR),
  pair('field:" a "', kTerm('field', ' a '), term('field', ' a '), `${ES_KQL}java/org/elasticsearch/xpack/kql/parser/ParserUtilsTests.java`),

  // Stars.
  pair('machine.os:win*', kWildcard('machine.os', 'win*'), wildcard('machine.os', 'win*'), `${KQL}; ${IS}`),
  pair('field:*\\\\*', kWildcard('field', '*\\\\*'), wildcard('field', '*\\\\*'), `${IS}; ${issue(169709)}`),
  pair('field:te?t*', kWildcard('field', 'te\\?t*'), wildcard('field', 'te\\?t*'), `${KQL}; ${issue(126532)}`),
  pair('field:\\*a*', kWildcard('field', '\\*a*'), wildcard('field', '\\*a*'), GRAMMAR),
  pair('field:a b*', kWildcard('field', 'a b*'), wildcard('field', 'a b*'), issue(23001)),
  pair('span.name: Elasticsearch\\: POST /*/_search', kWildcard('span.name', 'Elasticsearch\\: POST \\/*\\/_search'), wildcard('span.name', 'Elasticsearch: POST /*/_search'), issue(161377)),
  pair('field:*env-1*', kWildcard('field', '*env\\-1*'), wildcard('field', '*env-1*'), issue(50034)),
  pair('field:"a*"', kTerm('field', 'a*'), term('field', 'a*'), issue(161377)),
  pair('http.response.status_code: 4*', k({ query_string: { fields: ['http.response.status_code'], query: '4*' } }), /text fields only/, KQL),
  pair('http.request.method: *', k(exists('http.request.method')), exists('http.request.method'), KQL),
  pair('response:*', k(exists('response')), exists('response'), KQL_OLD),

  // Ranges.
  pair('bytes > 1000 and bytes < 8000', kAll(kRange('bytes', { gt: '1000' }), kRange('bytes', { lt: '8000' })), all(range('bytes', { gt: 1000 }), range('bytes', { lt: 8000 })), AST),
  pair('account_number >= 100 and items_sold <= 200', kAll(kRange('account_number', { gte: '100' }), kRange('items_sold', { lte: '200' })), all(range('account_number', { gte: 100 }), range('items_sold', { lte: 200 })), KQL),
  pair('http.response.bytes < 10000', kRange('http.response.bytes', { lt: '10000' }), range('http.response.bytes', { lt: 10_000 }), KQL),
  pair('mapped_double>=200', kRange('mapped_double', { gte: '200' }), range('mapped_double', { gte: 200 }), ES_QUERIES),
  pair('mapped_string<"foo bar"', kRange('mapped_string', { lt: 'foo bar' }), range('mapped_string', { lt: 'foo bar' }), ES_QUERIES),
  pair('bytes > 100*', kRange('bytes', { gt: '100*' }), /plain value/, RANGE),
  pair('bytes > null', kRange('bytes', { gt: null }), /null/, GRAMMAR),

  // Times: what is missing is filled up, downwards for gte and lt, upwards for gt and lte.
  pair('@timestamp:"2018-04-03T19:04:17"', kTime({ gte: '2018-04-03T19:04:17', lte: '2018-04-03T19:04:17' }), all(range('@timestamp', { gte: '2018-04-03T19:04:17Z' }), range('@timestamp', { lt: '2018-04-03T19:04:18Z' })), `${IS}; ${RANGE_QUERY}`),
  pair('@timestamp > "2018-01-03T19:04:17"', kTime({ gt: '2018-01-03T19:04:17' }), range('@timestamp', { gte: '2018-01-03T19:04:18Z' }), `${RANGE}; ${RANGE_QUERY}`),
  pair('@timestamp < "2021-01-02T21:55:59"', kTime({ lt: '2021-01-02T21:55:59' }), range('@timestamp', { lt: '2021-01-02T21:55:59Z' }), `${KQL_OLD}; ${issue(87177)}`),
  pair('@timestamp:2010-06-03', kTime({ gte: '2010-06-03', lte: '2010-06-03' }), all(range('@timestamp', { gte: '2010-06-03T00:00:00Z' }), range('@timestamp', { lt: '2010-06-04T00:00:00Z' })), `${ES_FIELD}; ${RANGE_QUERY}`),
  pair('@timestamp <= "2026-07-01"', kTime({ lte: '2026-07-01' }), range('@timestamp', { lt: '2026-07-02T00:00:00Z' }), RANGE_QUERY),
  pair('@timestamp > "2026-07-01"', kTime({ gt: '2026-07-01' }), range('@timestamp', { gte: '2026-07-02T00:00:00Z' }), RANGE_QUERY),
  pair('@timestamp < now-2w', kTime({ lt: 'now-2w' }), range('@timestamp', { lt: '2026-07-01T10:20:30Z' }), KQL),
  pair('@timestamp >= now/M', kTime({ gte: 'now/M' }), range('@timestamp', { gte: '2026-07-01T00:00:00Z' }), RANGE_QUERY),
  pair('@timestamp <= now/M', kTime({ lte: 'now/M' }), range('@timestamp', { lt: '2026-08-01T00:00:00Z' }), RANGE_QUERY),
  pair('@timestamp < "2021-01"', kTime({ lt: '2021-01' }), /expected a UTC time/, KQL_OLD),
  pair('@timestamp < 2021', kRange('@timestamp', { lt: '2021' }), /expected a UTC time/, issue(87177)),
  pair('updated_at > 2022-02-17||+1M/d', kTime({ gt: '2022-02-17||+1M/d' }, 'updated_at'), /expected a UTC time/, KQL_OLD),
  pair('@timestamp > 1776338120239', kRange('@timestamp', { gt: '1776338120239' }), /expected a UTC time/, RANGE),
  pair('@timestamp >= 2026-07-01T08:30:00Z', 'refused', range('@timestamp', { gte: '2026-07-01T08:30:00Z' }), issue(87177)),

  // Joining.
  pair('foo and bar', kAll(kFree('foo'), kFree('bar')), all(free('foo'), free('bar')), AST),
  pair('foo and\u00a0bar', kAll(kFree('foo'), kFree('bar')), all(free('foo'), free('bar')), AST),
  pair('response:200 or extension:php', kAny(kMatch('response', '200'), kTerm('extension', 'php')), any(term('response', 200), term('extension', 'php')), KQL),
  pair('response:200 and extension:php or extension:css', kAny(kAll(kMatch('response', '200'), kTerm('extension', 'php')), kTerm('extension', 'css')), any(all(term('response', 200), term('extension', 'php')), term('extension', 'css')), KQL_OLD),
  pair('field:a or field:b and field:c or field:d', kAny(kTerm('field', 'a'), kAll(kTerm('field', 'b'), kTerm('field', 'c')), kTerm('field', 'd')), any(term('field', 'a'), all(term('field', 'b'), term('field', 'c')), term('field', 'd')), AST),
  pair('(field:a or field:b) and field:c', kAll(kAny(kTerm('field', 'a'), kTerm('field', 'b')), kTerm('field', 'c')), all(any(term('field', 'a'), term('field', 'b')), term('field', 'c')), AST),
  pair('NOT http.request.method: GET', kNot(kTerm('http.request.method', 'GET')), not(term('http.request.method', 'GET')), `${KQL}; ${NOT}`),
  pair('not (response:200 or extension:php)', kNot(kAny(kMatch('response', '200'), kTerm('extension', 'php'))), not(any(term('response', 200), term('extension', 'php'))), AST),
  pair('not field:a and field:b', kAll(kNot(kTerm('field', 'a')), kTerm('field', 'b')), all(not(term('field', 'a')), term('field', 'b')), GRAMMAR),
  pair('http.request.method: (GET OR POST OR DELETE)', kAny(kTerm('http.request.method', 'GET'), kTerm('http.request.method', 'POST'), kTerm('http.request.method', 'DELETE')), any(term('http.request.method', 'GET'), term('http.request.method', 'POST'), term('http.request.method', 'DELETE')), KQL),
  pair('tags:(success and info)', kAll(kTerm('tags', 'success'), kTerm('tags', 'info')), all(term('tags', 'success'), term('tags', 'info')), KQL_OLD),
  pair('field:((bar or baz) and not qux)', kAll(kAny(kTerm('field', 'bar'), kTerm('field', 'baz')), kNot(kTerm('field', 'qux'))), all(any(term('field', 'bar'), term('field', 'baz')), not(term('field', 'qux'))), AST),

  // What we read and Kibana does not: there it is an error, never another meaning.
  pair('not(response:200)', 'refused', not(term('response', 200)), GRAMMAR),
  pair('not not response:200', 'refused', not(not(term('response', 200))), GRAMMAR),
  pair('field:cannot and response:200', 'refused', all(term('field', 'cannot'), term('response', 200)), GRAMMAR),
  pair('(response:200)and(field:a)', 'refused', all(term('response', 200), term('field', 'a')), GRAMMAR),

  // What neither reads.
  pair('response:', 'refused', /write a value/, ERRORS),
  pair('response:200 or ', 'refused', /write a condition/, ERRORS),
  pair('response:(200 or )', 'refused', /expected a value/, ERRORS),
  pair('response:200 and not ', 'refused', /write a condition/, ERRORS),
  pair('field:"ba ', 'refused', /never closed/, ERRORS),
  pair('field:"ba "r"', 'refused', /expected "and"/, ERRORS),
  pair('field:ba:r', 'refused', /contains a colon/, ERRORS),
  pair('bytes > ', 'refused', /write a value/, ERRORS),
  pair('< 1000', 'refused', /starts with the name/, ERRORS),
  pair('mapped_string: (foo bar', 'refused', /close the parenthesis/, ES_REFUSED),
  pair('mapped_string: foo bar)', 'refused', /remove this parenthesis/, ES_REFUSED),
  pair('mapped_string:(foo (bar))', 'refused', /expected "and"/, ES_REFUSED),
  pair('mapped_string: foo not bar', 'refused', /expected "and"/, ES_REFUSED),
] // biome-ignore format: a table
