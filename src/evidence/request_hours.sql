-- How many requests begin in each hour, without putting them together: every gateway hop is one, and every server hop that
-- no link joins to a gateway hop, unless nothing was asked (src/requests/request_rows.sql). A request past the gateway is
-- counted where it ends, as its day is taken from there.
-- Reads the views gateway_facts, server_facts and link_rows.
-- params: from_us, to_us VARCHAR (requests that start in this period), days VARCHAR (with commas between)
-- grain: hour
WITH stamps AS (
  SELECT start_ts, start_ts AS ts FROM gateway_facts
  UNION ALL
  SELECT start_ts, end_ts FROM server_facts AS a
  WHERE NOT EXISTS (SELECT 1 FROM link_rows AS l WHERE l.app_hop_id = a.hop_id AND l.verdict = 'linked' AND l.posterior >= 0.9)
    AND NOT (kernel AND method IS NULL AND path IS NULL AND status IS NULL)
)
SELECT strftime(date_trunc('hour', ts), '%Y-%m-%dT%HZ') AS hour, count(*)::DOUBLE AS n
FROM stamps
WHERE start_ts >= make_timestamp($from_us::BIGINT) AND start_ts < make_timestamp($to_us::BIGINT)
  AND ts::DATE IN (SELECT unnest(string_split($days, ','))::DATE)
GROUP BY ALL ORDER BY hour
