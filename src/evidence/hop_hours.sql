-- Rows of facts by hour and source, with those that another version of the record replaces, and with their links.
-- Reads gateway_raw, app_raw and kernel_raw (every row of some days: hop_id, source_id, ts, is_unasked: a connection that
-- closed before anything was asked), gateway_facts (one row a hop) and link_rows.
-- grain: side, hour, source
WITH linked AS (
  SELECT gateway_hop_id, app_hop_id FROM link_rows WHERE verdict = 'linked' AND posterior >= 0.9
), gateway_links AS (
  SELECT gateway_hop_id AS hop_id, count(*) AS links FROM linked GROUP BY gateway_hop_id
), gateway_rows AS (
  SELECT date_trunc('hour', ts) AS hour, source_id, count(*) AS rows FROM gateway_raw GROUP BY ALL
), gateway_hops AS (
  SELECT date_trunc('hour', start_ts) AS hour, source_id, count(*) AS hops, sum(coalesce(links, 0)) AS links
  FROM gateway_facts LEFT JOIN gateway_links USING (hop_id) GROUP BY ALL
), server_raw AS (
  SELECT 'app' AS side, *, hop_id IN (SELECT app_hop_id FROM linked) AS is_linked FROM app_raw
  UNION ALL
  SELECT 'kernel', *, hop_id IN (SELECT app_hop_id FROM linked) FROM kernel_raw
), server_rows AS (
  SELECT side, date_trunc('hour', ts) AS hour, source_id, count(*) AS rows, count(*) FILTER (is_linked) AS links,
    count(*) FILTER (is_unasked AND NOT is_linked) AS unasked
  FROM server_raw GROUP BY ALL
)
SELECT strftime(hour, '%Y-%m-%dT%HZ') AS hour, 'gateway' AS side, source_id AS source, rows::DOUBLE AS rows,
  (rows - coalesce(hops, 0))::DOUBLE AS versions, coalesce(links, 0)::DOUBLE AS links, 0::DOUBLE AS unasked
FROM gateway_rows LEFT JOIN gateway_hops USING (hour, source_id)
UNION ALL
SELECT strftime(hour, '%Y-%m-%dT%HZ'), side, source_id, rows::DOUBLE, 0, links::DOUBLE, unasked::DOUBLE FROM server_rows
ORDER BY hour, side DESC, source
