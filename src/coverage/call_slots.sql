-- Calls that IIS must have answered, by target and half a minute of the answer, and how many of them no line belongs to.
-- Reads coverage_gateway, coverage_links and coverage_unlinked (days whose links do not say everything yet).
-- A status that HTTP.sys or a balancer gives as well is no sign of a line: HTTP.sys refuses with 400, 411, 413, 414, 431,
-- 501, 503 and 505 (HTTPERR), what stands between answers 502 and 504.
-- A candidate that is no link is a line all the same.
-- grain: environment, application, target, slot
SELECT e.track AS environment, g.application, coalesce(g.target_host, '') AS target,
  epoch_us(coalesce(g.target_received_end_ts, g.target_received_start_ts, g.end_ts)) // 30000000 AS slot,
  count(*)::DOUBLE AS calls,
  (count(*) FILTER (WHERE g.hop_id NOT IN (SELECT gateway_hop_id FROM coverage_links)))::DOUBLE AS loose
FROM coverage_gateway AS g
JOIN coverage_environments AS e
  ON e.organization IS NOT DISTINCT FROM g.organization AND e.environment IS NOT DISTINCT FROM g.environment
WHERE g.target_called AND g.target_status IS NOT NULL
  AND g.target_status NOT IN (400, 411, 413, 414, 431, 501, 502, 503, 504, 505)
  AND (g.application, g.start_ts::DATE) NOT IN (SELECT application, day FROM coverage_unlinked)
GROUP BY ALL
