-- Which log streams answer which targets of which environments, as links show it, and how far their clocks are ahead.
-- Reads coverage_links, coverage_app, coverage_gateway, coverage_streams and coverage_environments.
-- grain: stream, environment, application, target
SELECT s.track AS stream, e.track AS environment, g.application, coalesce(g.target_host, '') AS target,
  count(*)::DOUBLE AS links, quantile_disc(l.ahead_us, 0.5)::DOUBLE AS ahead_us
FROM coverage_links AS l
JOIN coverage_app AS a ON a.hop_id = l.app_hop_id
JOIN coverage_gateway AS g ON g.hop_id = l.gateway_hop_id
JOIN coverage_streams AS s
  ON s.source_id = a.source_id AND s.log IS NOT DISTINCT FROM a.log AND s.host IS NOT DISTINCT FROM a.host
JOIN coverage_environments AS e
  ON e.organization IS NOT DISTINCT FROM g.organization AND e.environment IS NOT DISTINCT FROM g.environment
WHERE l.verdict = 'linked' AND l.posterior >= 0.9
GROUP BY ALL ORDER BY stream, environment, application, target
