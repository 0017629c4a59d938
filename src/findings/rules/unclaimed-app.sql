-- unclaimed-app: The gateway's record is missing
-- meaning: A line of IIS came from the gateway's address, and the gateway has no record of the call: its analytics
--   lost it, or something else calls through the same address.
-- criteria: CC7.2, CC4.1
-- severity: medium
-- do: Compare the exports with the totals of the Apigee Stats API; look at what else runs behind the address.
-- coverage: gateway
-- config: trustedProxies
-- erased: gateway_hop_id IS NULL AND NOT refused
-- not-evaluated: gateway-not-covered, partner-in-doubt, link-ambiguous, partner-pruned, subject-erased
-- about: host, site
-- gap: 30 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('host', l.host, 'site', l.site) AS about,
  [l.hop_id] AS hops,
  concat_ws(' ', l.method, 'answered', l.status) AS note,
  CASE
    WHEN c.undecided IS NOT NULL THEN c.undecided
    WHEN c.gateway_gap IS NOT NULL THEN 'gateway-not-covered'
    -- Without an id of its own it may be a line of any call like it, be it a further attempt.
    WHEN EXISTS (
      SELECT 1 FROM calls AS g
      WHERE g.target_called
        AND (l.correlation_id IS NULL OR (g.link_method IS DISTINCT FROM 'id' AND coalesce(g.gateway_id = l.correlation_id, TRUE)))
        AND g.gateway_path_key = l.path_key AND g.method = l.method
        AND g.start_ts < c.to_ts + INTERVAL 1 MINUTE AND g.end_ts > c.from_ts - INTERVAL 1 MINUTE)
      THEN 'partner-in-doubt'
  END AS why_not,
  c.gateway_gap AS coverage
FROM calls AS c JOIN lines AS l ON l.request_id = c.request_id
WHERE (c.unclaimed OR (c.undecided IS NOT NULL AND c.gateway_hop_id IS NULL)) AND l.trusted
