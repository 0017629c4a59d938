/** Paths that look like something else. */
const PATHS = [
  '', '*', '?', 'abc', 'a*c', 'a?c', 'a\\b', '\\', 'C:\\dir\\', '"', 'a"b', '(x)', 'a:b', '<', '<=', 'a > b', '{x}', 'null', 'NULL',
  'true', '401', '0401', '4.01', '1e3', '2026-07-01', '2026-07-01T10:00:00Z', 'now', 'now-1d', 'and', 'NOT', 'a and b', 'cannot', ' a', 'a ',
  'é', 'e\u0301', '渡辺🦊', '\uffee', '\u{10ffff}', 'a\tb', 'a\nb', '-', '/', '/a/.*/', '/A/', 'a~1', '%', '_', 'a_c', 'x'.repeat(8191),
] // biome-ignore format: a table

/** Stored in lower case, character by character. */
const SUBJECTS = ['alice', 'ß', 'σ', 'ς', 'i', 'i̇', 'domain\\bob', 'a@b.example', '401', 'null', '', 'οδος', '🦊', '*'] // biome-ignore format: a table

/** On both sides of midnights, seconds, and of what a nanosecond field holds. */
const TIMES = [
  '1970-01-01 00:00:00', '1970-01-01 00:00:00.000001', '2026-06-30 23:59:59.999999', '2026-07-01 00:00:00', '2026-07-01 00:00:00.000001',
  '2026-07-01 10:15:29.999999', '2026-07-01 10:15:30', '2026-07-01 10:15:30.123', '2026-07-01 10:15:30.123456', '2026-07-01 10:15:59.999999',
  '2026-07-01 10:16:00', '2026-07-01 10:59:59.999999', '2026-07-01 11:00:00', '2026-07-31 23:59:59.999999', '2026-08-01 00:00:00',
  '2262-04-11 23:47:16.854775',
] // biome-ignore format: a table

/** As text, as JavaScript has no such numbers. */
const SIZES = ['0', '1', '-1', '401', '9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775807', '-9223372036854775807'] // biome-ignore format: a table
const CONFIDENCES = [0, 0.1, 0.30000000000000004, 0.3, 0.95, 1, 1e-9]

const at = <T>(values: readonly T[], n: number): T | undefined => values[n % (values.length + 1)]

/** Requests as rows of the view: each kind of value turns up, and so does its absence. */
export const ODD_REQUESTS = [...PATHS, ...PATHS].map((path, n) => {
  const time = TIMES[n % TIMES.length] ?? ''
  return {
    request_id: n.toString(16).padStart(32, '0'),
    state: n % 2 === 0 ? 'joined' : 'app-only',
    day: time.slice(0, 10),
    start_ts: time,
    end_ts: at(TIMES, n * 3),
    application: 'odd',
    path: n >= PATHS.length && n % 3 === 0 ? null : path,
    query: at(PATHS, n * 7),
    user_agent: at(PATHS, n * 11),
    subject: at(SUBJECTS, n),
    host: at(['web01', 'é', 'σ'], n),
    status: at([200, 401, 0, -1], n),
    bytes_out: at(SIZES, n),
    confidence: at(CONFIDENCES, n),
    cache_hit: at([true, false], n),
    client_ip: at(['10.0.0.1', '9.0.0.1', '2001:db8::1', '2001:DB8::1', 'unknown', '10.0.0.0/8'], n),
    app_hop_ids: [],
    rules: at([['ghost'], ['ghost', 'gateway-bypass'], []], n),
  }
})

/** Filters that could be taken for something else on the way. */
export const ODD_FILTERS = [
  'finding:ghost', 'not finding:gateway-bypass', 'finding:gate*', 'finding:*', 'rule.id:(ghost or x)', 'finding:ghost and finding:gateway-bypass',
  // Looks like a number, a time, a word of the language.
  'path:401', 'path:"401"', 'path:0401', 'path > 400', 'path:4*', 'path:2026-07-01', 'path:2026-07-01*', 'path > 2026-07-01', 'path:now', 'path:"null"',
  'path:true', 'path > true', 'path:"and"', 'path:a and b', 'path:"a and b"', 'path:a \\and b', 'not path:NOT*', 'subject:401', 'true', '401', '"null"',
  // Stars, and signs that other languages have.
  'path:\\*', 'path:"*"', 'path:*', 'path:**', 'not path:*', 'path:""', 'not path:""', 'path:?', 'path:a?c', 'path:a?*', 'path:a*c', 'path:a\\*c',
  'path:*\\**', 'path:*\\\\*', 'path:*\\\\', 'path:\\\\*', 'path:C\\:\\\\dir*', 'path:"C:\\dir\\\\"', 'path:*\\"*', 'path:*\\<*', 'path:*\\>*', 'path:\\{*',
  'path:\\(*\\)', 'path:/a/.*/', 'path:*/.*', 'path:a~*', 'path:%', 'path:*_*', 'path:a_c', '*\\\\*', '*\\"', '*~*', '*\\:*', '*\\<*', '"a*c"', 'a\\*c', '*c', 'a*',
  // Letters.
  'path:é', 'path:e\u0301', 'path:*🦊', 'path:渡*', 'path > "\uffee"', 'path > 渡', 'path < a', 'path >= ""', 'path > ""', 'path:*\\u0009*', 'path:a\\u000ab',
  'path:" a"', 'path:"a "', 'path:*\\u0020*', 'path:/A/', 'path:/a/', 'subject:ALICE', 'subject:Σ', 'subject:ς', 'subject:İ', 'subject:ẞ', 'subject:ΟΔΟΣ', 'subject:Ο*',
  'subject:DOMAIN\\\\*', 'host:É', 'host:WEB*', 'subject >= A', 'subject:""', 'not subject:*', 'ALICE', 'A*B.EXAMPLE',
  // Numbers, addresses, booleans.
  'bytes_out:9007199254740993', 'bytes_out > 9007199254740992', 'bytes_out:9223372036854775807', 'bytes_out >= -9223372036854775807', 'bytes_out:-1', 'status:0401',
  'status:(401 or 200) and not status:200', 'confidence:0.3', 'confidence:0.30000000000000004', 'confidence > 0.3', 'confidence:1e-9', 'confidence <= 1', 'cache_hit:true',
  'not cache_hit:"true"', 'cache_hit:*', 'client_ip:10.0.0.1', 'client_ip:"2001:DB8::1"', 'client_ip:10.*', 'client_ip > 10', 'client_ip:10.0.0.0/8', 'client.address:9.*',
  // Times.
  'start:2026-07-01', 'start:"2026-07-01T10"', 'start:"2026-07-01T10:15"', 'start:"2026-07-01T10:15:30"', 'start:"2026-07-01T10:15:30Z"', 'start:"2026-07-01T10:15:30.123"',
  'start:"2026-07-01T10:15:30.123456Z"', 'start <= 2026-07-01', 'start > 2026-07-01', 'start < 2026-07-01', 'start >= 2026-07-01', 'start > "2026-07-01T10:15"',
  'start <= "2026-07-01T10:15:30"', 'start < "2026-07-01T10:15:30.123"', 'start <= "2026-07-01T10:15:30.123"', 'start >= "2026-07-01T12:15:30+02:00"',
  'start < "2026-07-01T00:00-10:15"', 'start >= 1970-01-01', 'start <= 1970-01-01', 'start <= "2262-04-11T23:47:16.854775Z"', 'end:*', 'not end:*', 'end > 2026-07-01',
  'day:2026-07-01', 'day > 2026-07-01', 'day <= 2026-07-01', 'day >= "2026-07-01T00:00:00Z"', 'day < "2026-07-01T12:00:00Z"', 'day < 9999-01-01', 'start > 2026-06-30 and day:2026-07-01',
] as const // biome-ignore format: a table
