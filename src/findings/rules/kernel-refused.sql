-- kernel-refused: Refused below IIS
-- meaning: HTTP.sys, the part of Windows below IIS, refused or dropped calls, so that the application never answered
--   them. Its HTTPERR log says why. Scanners that it turned away do not count.
-- criteria: CC7.2
-- severity: medium
-- do: Follow the cause that is named: an application pool that is stopped or cannot keep up, a limit, a request that
--   cannot be read. The event log of the server (WAS, HttpService) says what happened to the pool.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: no-trusted-proxies, address-not-logged
-- about: host, site, reason
-- gap: 60 min
SELECT
  c.application, c.request_id, l.end_ts AS at_ts,
  json_object('host', l.host, 'site', l.site, 'reason', coalesce(l.reason, '-')) AS about,
  [l.hop_id] AS hops,
  concat_ws(' ', l.method, CASE WHEN l.status IS NULL THEN 'dropped' ELSE 'answered ' || l.status END, 'queue ' || l.queue) AS note,
  -- What a caller did wrong matters where the caller is the gateway.
  CASE WHEN k.blames = 'caller' AND NOT l.linked AND l.trusted IS NULL
    THEN CASE WHEN l.peer_ip IS NULL THEN 'address-not-logged' ELSE 'no-trusted-proxies' END END AS why_not
FROM calls AS c
JOIN server_lines AS l ON l.request_id = c.request_id
LEFT JOIN kernel_reasons AS k ON k.reason = l.reason
WHERE l.kernel AND NOT coalesce(k.blames = 'caller' AND NOT l.linked AND NOT l.trusted, FALSE)
