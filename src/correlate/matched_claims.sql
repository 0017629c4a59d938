-- Claims of a day by time: the pairs that the slices found, beside what ids say about the other app hops.
-- A pair is linked from a posterior of 0.9 on; below, an app hop that may well have a partner is ambiguous and its
-- candidates are kept.
-- method: id-time (inside an id that several gateway hops share), subject (both sides name the same), time (neither).
-- grain: app_hop_id, gateway_hop_id
WITH best AS (
  -- An app hop near the edge of two slices is seen by both; the slice that is surer counts.
  SELECT *, row_number() OVER (PARTITION BY app_n ORDER BY posterior DESC, c.hop_id) AS place
  FROM matches AS m JOIN calls AS c ON c.rowid = m.gateway_n
)
SELECT
  l.hop_id AS app_hop_id,
  b.hop_id AS gateway_hop_id,
  make_timestamp(l.end_us)::DATE AS app_day,
  b.at_us % 86400000000 < 1200000000 OR b.at_us % 86400000000 >= 85200000000 AS near_midnight,
  CASE WHEN b.posterior >= $least_posterior AND b.place = 1 THEN 'linked' ELSE 'ambiguous' END AS verdict,
  CASE WHEN l.shared_id <> -1 THEN 'id-time' WHEN l.subject <> -1 AND l.subject = b.subject THEN 'subject' ELSE 'time' END AS method,
  CASE WHEN NOT l.calibrated AND l.shared_id = -1 AND NOT (l.subject <> -1 AND l.subject = b.subject)
    THEN least(b.posterior, 0.9899) ELSE b.posterior END AS posterior,
  b.runner_up,
  b.candidates::INTEGER AS candidates,
  NULL::VARCHAR AS id,
  CASE WHEN l.shared_id <> -1 THEN g.correlation_field END AS gateway_field,
  CASE WHEN l.shared_id <> -1 THEN a.correlation_field END AS app_field,
  ['answer', 'handshake', 'retry'][b.kind::INTEGER + 1] AS how,
  NULL::VARCHAR AS reasons,
  CASE WHEN NOT isnan(b.took_us) AND NOT isnan(l.took_us) THEN (b.took_us - l.took_us)::BIGINT END AS duration_residual_us,
  (l.end_us - b.at_us)::BIGINT AS ahead_us,
  l.clock_low_us::BIGINT AS clock_low_us,
  l.clock_high_us::BIGINT AS clock_high_us,
  b.nobody,
  CASE WHEN NOT isnan(b.log_duration) THEN b.log_duration END AS log_duration,
  CASE WHEN NOT isnan(b.log_place) THEN b.log_place END AS log_place,
  CASE WHEN NOT isnan(b.log_values) THEN b.log_values END AS log_values,
  CASE WHEN NOT isnan(b.log_alone) THEN b.log_alone END AS log_alone,
  TRY_CAST(b.place_us AS BIGINT) AS place_residual_us,
  l.calibrated
FROM best AS b
JOIN line_rows AS l ON l.rowid = b.app_n
JOIN app_window AS a ON a.hop_id = l.hop_id
JOIN gateway_window AS g ON g.hop_id = b.hop_id
