-- Lines that could not be read, by the hour of the line before them in their source, or else of the first in it.
-- Reads coverage_rejects (source_id, line_no), coverage_app and coverage_gateway.
-- grain: side, source_id, host, organization, environment, hour
WITH lines AS (
  SELECT 'app' AS side, source_id, host, NULL::VARCHAR AS organization, NULL::VARCHAR AS environment, line_no,
    epoch_us(end_ts) AS us
  FROM coverage_app WHERE source_id IN (SELECT source_id FROM coverage_rejects)
  UNION ALL
  SELECT 'gateway', source_id, NULL, organization, environment, line_no, epoch_us(start_ts)
  FROM coverage_gateway WHERE source_id IN (SELECT source_id FROM coverage_rejects)
), firsts AS (
  SELECT source_id, min(line_no) AS line_no FROM lines GROUP BY source_id
), placed AS (
  SELECT r.source_id, greatest(r.line_no, f.line_no) AS line_no
  FROM coverage_rejects AS r JOIN firsts AS f ON f.source_id = r.source_id
)
SELECT l.side, l.source_id, l.host, l.organization, l.environment, (l.us // 3600000000)::DOUBLE AS hour,
  count(*)::DOUBLE AS lines
FROM placed AS p ASOF JOIN lines AS l ON l.source_id = p.source_id AND p.line_no >= l.line_no
GROUP BY ALL ORDER BY ALL
