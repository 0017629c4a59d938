/** Names the company is made of. All invented; addresses are from the documentation ranges of RFC 5737 or private. */

export const FIRST_NAMES = [
  'alice',
  'bruno',
  'chiara',
  'dmitri',
  'elena',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'kemal',
  'lena',
  'marco',
  'nadia',
  'oskar',
  'petra',
] as const

export const LAST_NAMES = [
  'meyer',
  'rossi',
  'novak',
  'silva',
  'keller',
  'dubois',
  'haddad',
  'larsen',
  'okafor',
  'popescu',
  'tanaka',
] as const

/** Commas, quotes, semicolons and `#` occur in real agents and are what breaks readers (reference: IIS 2.3). */
export const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:146.0) Gecko/20100101 Firefox/146.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
] as const

export const MOBILE_AGENTS = [
  'CorpMobile/3.2 ("Field Edition", iOS 18.5)',
  'CorpMobile/3.1.9 ("Field Edition", Android 15; build #4711)',
] as const

export const SERVICE_AGENTS = [
  'python-requests/2.32.3',
  'orders-sync/1.4 (+https://corp.example/bots)',
  'Apache-HttpClient/5.4.1 (Java/21.0.5)',
] as const

export const SCRIPT_AGENTS = [
  'curl/8.11.1',
  'PostmanRuntime/7.43.0',
  'Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.20348; en-US) PowerShell/7.4.6',
] as const

export const SCANNER_AGENTS = [
  'Mozilla/5.0 zgrab/0.x',
  'Mozilla/5.0 (compatible; "scan", https://scan.example)',
] as const

export interface ClientAppSeed {
  readonly name: string
  readonly kind: 'browser' | 'mobile' | 'service'
}

export const CLIENT_APPS: readonly ClientAppSeed[] = [
  { name: 'employee-portal', kind: 'browser' },
  { name: 'corp-mobile', kind: 'mobile' },
  { name: 'orders-sync', kind: 'service' },
  { name: 'sales-desk', kind: 'browser' },
  { name: 'partner-edi', kind: 'service' },
]
