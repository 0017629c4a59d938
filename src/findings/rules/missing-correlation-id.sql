-- missing-correlation-id: Calls without an id at the application
-- meaning: A hundredth or more of a site's calls through the gateway reached it without a correlation id, so that
--   their legs can be joined by time at best.
-- criteria: CC7.2, CC4.1
-- severity: low
-- do: Let the gateway make an id where the client sends none, and set it on the way to the target. throughline
--   doctor has the settings.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: link-ambiguous
-- about: site, host
-- gap: none
WITH shares AS (
  SELECT application, site, host, count(*) AS total, count(*) FILTER (WHERE correlation_id IS NULL) AS missing
  FROM lines WHERE linked GROUP BY ALL
  HAVING count(*) FILTER (WHERE correlation_id IS NULL) * 100 >= count(*) AND count(*) FILTER (WHERE correlation_id IS NULL) > 0
)
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('site', l.site, 'host', l.host) AS about,
  [c.gateway_hop_id, l.hop_id] AS hops,
  CASE WHEN s.missing = s.total THEN 'the log has no id at all' WHEN c.gateway_id IS NULL THEN 'the client sent none'
    ELSE 'lost between gateway and application' END AS note,
  s.total,
  NULL AS why_not
FROM lines AS l
JOIN shares AS s ON s.application = l.application AND s.site = l.site AND s.host IS NOT DISTINCT FROM l.host
JOIN calls AS c ON c.request_id = l.request_id
WHERE l.linked AND l.correlation_id IS NULL
UNION ALL BY NAME
SELECT c.application, c.request_id, c.start_ts AS at_ts, c.undecided AS why_not
FROM lines AS l JOIN calls AS c ON c.request_id = l.request_id
WHERE c.state = 'ambiguous' AND l.correlation_id IS NULL
