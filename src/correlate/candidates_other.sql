-- Pairs by any other combination of ids, for app hops without a plausible pair yet: message ids, further id fields,
-- segments of a composite id (`{correlation}.{message}`), and gateway values that were cut at the capture limit.
-- Less is more: rank orders the ways, equal before segment before cut.
-- grain: app_hop_id, gateway_hop_id, rank
WITH unpaired AS (
  SELECT a.* FROM app_window AS a
  WHERE (a.correlation_id IS NOT NULL OR a.other_ids IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM judged_pairs AS c WHERE c.app_hop_id = a.hop_id AND c.reasons IS NULL)
), app_ids AS (
  SELECT hop_id, correlation_id AS id, correlation_field AS field, 0 AS place FROM unpaired WHERE correlation_id IS NOT NULL
  UNION ALL
  SELECT hop_id, substr(o, instr(o, '=') + 1), substr(o, 1, instr(o, '=') - 1), 1
  FROM (SELECT hop_id, unnest(other_ids) AS o FROM unpaired WHERE other_ids IS NOT NULL)
), app_keys AS (
  SELECT hop_id, id, id AS key, field, place, 'equal' AS how FROM app_ids
  UNION ALL
  SELECT hop_id, id, CASE WHEN regexp_full_match(segment, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}')
      THEN lower(replace(segment, '-', '')) ELSE segment END, field, place, 'segment'
  FROM (SELECT hop_id, id, field, place, unnest(string_split(id, '.')) AS segment FROM app_ids WHERE contains(id, '.'))
  WHERE length(segment) >= 8
  UNION ALL
  -- A value of exactly 400 bytes was cut by the gateway; compare its beginning.
  SELECT hop_id, id, left(id, 400), field, place, 'cut' FROM app_ids WHERE length(id) > 400
), gateway_keys AS (
  SELECT hop_id, correlation_id AS key, correlation_field AS field, 0 AS place FROM gateway_window WHERE correlation_id IS NOT NULL
  UNION ALL
  SELECT hop_id, CASE WHEN regexp_full_match(message_id, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
      THEN lower(replace(message_id, '-', '')) ELSE message_id END, 'gateway_flow_id', 1 FROM gateway_window WHERE message_id IS NOT NULL
  UNION ALL
  SELECT hop_id, substr(o, instr(o, '=') + 1), substr(o, 1, instr(o, '=') - 1), 2
  FROM (SELECT hop_id, unnest(other_ids) AS o FROM gateway_window WHERE other_ids IS NOT NULL)
), wanted AS (
  SELECT key FROM app_keys GROUP BY key HAVING count(DISTINCT hop_id) <= 1000
), offered AS (
  SELECT * FROM gateway_keys WHERE key IN (SELECT key FROM wanted)
), usable AS (
  -- An id that more hops share than this is none.
  SELECT key FROM offered GROUP BY key HAVING count(DISTINCT hop_id) <= 8
), pairs AS (
  SELECT
    a.hop_id AS app_hop_id, g.hop_id AS gateway_hop_id, a.id, g.field AS gateway_field, a.field AS app_field, a.how,
    1 + 10 * (CASE a.how WHEN 'equal' THEN 0 WHEN 'segment' THEN 1 ELSE 2 END) + 3 * a.place
      -- Of the parts of a composite id the message id comes first: no other call has it.
      + CASE WHEN a.how = 'segment' AND g.place < 2 THEN 1 - g.place ELSE g.place END AS rank
  FROM app_keys AS a
  JOIN usable USING (key)
  JOIN offered AS g USING (key)
  WHERE a.key NOT IN (SELECT id FROM hot_ids)
), best AS (
  SELECT DISTINCT ON (app_hop_id, gateway_hop_id) * FROM pairs
  ORDER BY app_hop_id, gateway_hop_id, rank, id, gateway_field, app_field
)
SELECT
  b.app_hop_id, b.gateway_hop_id, 1 AS crowd, g.in_day, g.near, a.end_ts::DATE AS app_day, b.rank, b.id, b.gateway_field, b.app_field,
  b.how,
  g.proxy,
  g.target_called,
  coalesce(upper(a.method) = upper(g.method), TRUE) AS same_method,
  a.path_key = g.path_key AS same_path,
  a.same_application,
  a.peer_ip,
  a.clock_host, a.end_us, a.resolution_us, a.took_us, g.start_us, g.stop_us, g.at_us, g.took_us AS gateway_took_us
FROM best AS b
JOIN app_window AS a ON a.hop_id = b.app_hop_id
JOIN gateway_window AS g ON g.hop_id = b.gateway_hop_id
WHERE a.end_ts < g.start_ts + INTERVAL 24 HOURS AND a.end_ts > g.start_ts - INTERVAL 24 HOURS
  -- A pair that was contradicted by its first ids is not judged a second time.
  AND NOT EXISTS (SELECT 1 FROM judged_pairs AS j
    WHERE j.app_hop_id = b.app_hop_id AND j.gateway_hop_id = b.gateway_hop_id)
