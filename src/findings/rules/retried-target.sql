-- retried-target: Sent to the application more than once
-- meaning: One call of a client made several lines at IIS or HTTP.sys that are no challenges of integrated authentication: the
--   gateway, or a balancer behind it, tried again.
-- criteria: CC7.2
-- severity: low
-- do: See which host failed first. Where the method is not idempotent, make sure that the application notices a
--   repeated request.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: link-uncertain, link-ambiguous, partner-pruned
-- about: proxy, target
-- gap: 60 min
WITH attempts AS (
  SELECT request_id, count(*) AS attempts, list(hop_id ORDER BY end_ts, start_ts, hop_id) AS hops,
    string_agg(coalesce(status::VARCHAR, 'dropped'), ' and ' ORDER BY status DESC) AS statuses, bool_and(posterior >= 0.99 AND link_method <> 'time') AS sure
  FROM server_lines WHERE request_id IN (SELECT request_id FROM calls WHERE app_hops > 1) AND linked AND NOT coalesce(handshake, FALSE) AND how IS DISTINCT FROM 'handshake' GROUP BY request_id HAVING count(*) > 1
)
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('proxy', c.proxy, 'target', c.target_host) AS about,
  list_prepend(c.gateway_hop_id, a.hops) AS hops,
  concat_ws(' ', c.method, a.statuses) AS note,
  CASE WHEN c.undecided IS NOT NULL THEN c.undecided WHEN NOT coalesce(a.sure, FALSE) THEN 'link-uncertain' END AS why_not
FROM calls AS c LEFT JOIN attempts AS a ON a.request_id = c.request_id
WHERE a.request_id IS NOT NULL OR (c.undecided IS NOT NULL AND c.target_called)
