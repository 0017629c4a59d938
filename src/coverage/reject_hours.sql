-- Lines that could not be read, by the hour of the line before them in their log, or else of the first in it. A log is
-- a source, or one of those that a shipper wrapped in it, as far as the reject says which.
-- Reads coverage_rejects (source_id, line_no, log), coverage_app and coverage_gateway.
-- grain: side, source_id, log, host, organization, environment, hour
WITH lines AS (
  SELECT 'app' AS side, source_id, log, host, NULL::VARCHAR AS organization, NULL::VARCHAR AS environment, line_no,
    epoch_us(end_ts) AS us
  FROM coverage_app WHERE source_id IN (SELECT source_id FROM coverage_rejects)
  UNION ALL
  SELECT 'gateway', source_id, NULL, NULL, organization, environment, line_no, epoch_us(start_ts)
  FROM coverage_gateway WHERE source_id IN (SELECT source_id FROM coverage_rejects)
), logs AS (
  SELECT DISTINCT source_id, log FROM lines
), rejects AS (
  -- Of a log that no line of was read, the lines of the source tell the time.
  SELECT r.source_id, r.line_no, coalesce(l.log, '') AS log
  FROM coverage_rejects AS r LEFT JOIN logs AS l ON l.source_id = r.source_id AND l.log = r.log
), neighbours AS (
  SELECT *, coalesce(log, '') AS of_log FROM lines
  UNION ALL
  SELECT *, '' FROM lines WHERE log IS NOT NULL
), firsts AS (
  SELECT source_id, of_log, min(line_no) AS line_no FROM neighbours GROUP BY source_id, of_log
), placed AS (
  SELECT r.source_id, r.log, greatest(r.line_no, f.line_no) AS line_no
  FROM rejects AS r JOIN firsts AS f ON f.source_id = r.source_id AND f.of_log = r.log
)
SELECT n.side, n.source_id, n.log, n.host, n.organization, n.environment, (n.us // 3600000000)::DOUBLE AS hour,
  count(*)::DOUBLE AS lines
FROM placed AS p
ASOF JOIN neighbours AS n ON n.source_id = p.source_id AND n.of_log = p.log AND p.line_no >= n.line_no
GROUP BY ALL ORDER BY ALL
