-- Both sides by track: a log stream (app) or an environment (gateway).
-- Reads coverage_app_minutes, coverage_gateway_minutes, coverage_streams and coverage_environments.
-- grain: side, track, source_id, application, minute
SELECT 'app' AS side, s.track, m.source_id, m.application, m.minute, sum(m.hops) AS hops, min(m.first_us) AS first_us,
  max(m.last_us) AS last_us
FROM coverage_app_minutes AS m
JOIN coverage_streams AS s
  ON s.source_id = m.source_id AND s.log IS NOT DISTINCT FROM m.log AND s.host IS NOT DISTINCT FROM m.host
GROUP BY ALL
UNION ALL
SELECT 'gateway', e.track, m.source_id, m.application, m.minute, sum(m.hops), min(m.first_us), max(m.last_us)
FROM coverage_gateway_minutes AS m
JOIN coverage_environments AS e
  ON e.organization IS NOT DISTINCT FROM m.organization AND e.environment IS NOT DISTINCT FROM m.environment
GROUP BY ALL
