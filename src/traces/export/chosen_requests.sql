-- Wanted requests, and whether each may be sent: settles (nothing but time can change it), closed (its day is),
-- sampled, has_unsent (the receiver lacks hops of it).
-- Reads the tables span_requests, traced, day_hops, sent_hops and day_states, and the view link_rows.
-- params: least UBIGINT (the last 56 bits of a trace id from which on it is sampled; traces with a failure always are)
-- grain: request_id
WITH joined_otherwise AS (
  SELECT DISTINCT gateway_hop_id FROM link_rows WHERE verdict = 'linked' AND method <> 'id'
)
SELECT
  r.request_id, r.gateway_hop_id, r.app_hop_ids, t.trace_id,
  coalesce(d.closed, FALSE) AS closed,
  coalesce(d.closed, FALSE) OR r.state = 'gateway-only'
    OR (r.state = 'joined' AND r.gateway_hop_id::UUID NOT IN (SELECT gateway_hop_id FROM joined_otherwise)) AS settles,
  ('0x' || substr(t.trace_id, 19))::UBIGINT >= $least::UBIGINT
    OR bool_or(coalesce(r.status >= 400, FALSE)) OVER (PARTITION BY t.trace_id) AS sampled,
  r.request_id IN (SELECT request_id FROM day_hops WHERE hop_id NOT IN (SELECT hop_id FROM sent_hops)) AS has_unsent
FROM span_requests AS r
JOIN traced AS t ON t.request_id = r.request_id
LEFT JOIN day_states AS d ON d.application = r.application AND d.day = r.day
WHERE r.wanted
