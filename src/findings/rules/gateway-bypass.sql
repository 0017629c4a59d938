-- gateway-bypass: Reached past the gateway
-- meaning: A line of IIS that no record of the gateway claims came from an address that is none of the gateway's:
--   somebody calls the application directly.
-- criteria: CC6.6, CC6.1
-- severity: high
-- do: Find out who has the address. Let the firewall, or IP restrictions of IIS, admit the gateway only. A caller
--   that may come directly belongs into findings.expectedDirect.
-- coverage: gateway
-- config: trustedProxies
-- erased: gateway_hop_id IS NULL AND NOT refused
-- not-evaluated: gateway-not-covered, address-not-logged, link-ambiguous, partner-pruned, subject-erased
-- about: address
-- gap: 60 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('address', l.peer_ip) AS about,
  [l.hop_id] AS hops,
  concat_ws(' ', l.method, 'answered', l.status, 'by', l.host) AS note,
  CASE
    WHEN l.peer_ip IS NULL THEN 'address-not-logged'
    WHEN c.undecided IS NOT NULL THEN c.undecided
    WHEN c.gateway_gap IS NOT NULL THEN 'gateway-not-covered'
  END AS why_not,
  c.gateway_gap AS coverage
FROM calls AS c JOIN lines AS l ON l.request_id = c.request_id
WHERE (c.unclaimed OR (c.undecided IS NOT NULL AND c.gateway_hop_id IS NULL)) AND NOT coalesce(l.trusted, FALSE) AND NOT l.expected
