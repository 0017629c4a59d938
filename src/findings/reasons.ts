/** Why something was not evaluated: never the same as that nothing was found. */
export const REASONS = {
  'day-open': 'the day is open: links may still change, and what is missing may still come',
  'day-not-linked': 'the day has hops that are not linked yet; run throughline link',
  'no-trusted-proxies': 'trustedProxies is not configured, so that nobody knows which addresses are the gateway',
  'trusted-proxies-changed': 'links were made under another trustedProxies than the configured one; run throughline link',
  'no-token-lifetime': 'findings.tokenLifetimeMinutes is not configured',
  'no-mutual-tls': 'findings.mutualTls names no site that wants a client certificate',
  'gateway-not-covered': 'it is not known that all records of the gateway of that time are here',
  'app-not-covered': 'it is not known that all lines of the application of that time are here',
  'coverage-unknown': 'nothing tells whether the logs of that time are whole',
  'link-ambiguous': 'several partners are possible, or one and nobody, and none is likely enough',
  'partner-pruned': 'its partner was pruned with its day',
  'kernel-log-missing': 'HTTP.sys may have refused or dropped the call, and the store has no HTTPERR log of that week',
  'subject-erased': 'a person was erased from the request, and with it who called, and from where',
  'address-not-logged': 'the line names no address that it came from (c-ip)',
  'target-not-logged': 'no line of this target is in the store: its logs are not collected, or another system answers',
  'partner-in-doubt': 'a hop of the other side without an id may be its partner',
  'other-leg-missing': 'nothing of the other side is joined to it, so that there is nothing to compare',
  'link-uncertain': 'its legs are joined with a probability below 0.99, or by time alone',
  'names-differ-in-form': 'both sides write users differently and no alias says who is who; see docs/subjects.md',
  'users-not-logged': 'no line of the site names a user, so that nothing tells whether anybody was logged in',
  'certificate-not-logged': 'the log has none of the fields that findings.mutualTls names',
} as const satisfies Record<string, string> // biome-ignore format: a table

export type ReasonCode = keyof typeof REASONS
