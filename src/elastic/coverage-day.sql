-- What a day rests on, as columns of coverage-fields.ts: hops by source and hour.
-- Reads the views gateway_facts, app_facts, server_facts and link_rows, and the table coverage_sources.
-- params: day DATE
-- grain: id
WITH linked AS (
  SELECT gateway_hop_id, app_hop_id FROM link_rows WHERE verdict = 'linked' AND posterior >= 0.9
), hops AS (
  SELECT 'gateway' AS side, source_id, NULL::VARCHAR AS host, date_trunc('hour', start_ts) AS hour, count(*) AS hops,
    count(*) FILTER (hop_id IN (SELECT gateway_hop_id FROM linked)) AS joined
  FROM gateway_facts WHERE start_ts::DATE = $day::DATE GROUP BY ALL
  UNION ALL
  SELECT 'app', source_id, host, date_trunc('hour', end_ts), count(*),
    count(*) FILTER (hop_id IN (SELECT app_hop_id FROM linked))
  FROM app_facts WHERE end_ts::DATE = $day::DATE GROUP BY ALL
  UNION ALL
  SELECT 'kernel', source_id, host, date_trunc('hour', end_ts), count(*),
    count(*) FILTER (hop_id IN (SELECT app_hop_id FROM linked))
  FROM server_facts WHERE kernel AND end_ts::DATE = $day::DATE GROUP BY ALL
)
SELECT side, h.source_id, s.path, coalesce(h.host, s.host) AS host, strftime(hour, '%Y-%m-%dT%H:%M:%S.000000Z') AS hour,
  hops::VARCHAR AS hops, joined::VARCHAR AS joined
FROM hops AS h LEFT JOIN coverage_sources AS s ON s.id = h.source_id
ORDER BY side, h.source_id, host, hour
