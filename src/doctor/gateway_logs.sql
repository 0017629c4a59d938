-- What the records of each proxy say. Reads the views gateway_facts, app_facts and link_rows.
-- same_path, other_path: links by id whose paths agree or differ; links where one side does not tell count as neither.
-- uncalled_linked: records that show no target call though an app hop carries their id.
-- grain: organization, environment, proxy
WITH linked AS (
  SELECT l.gateway_hop_id,
    bool_or(starts_with(l.method, 'id')) AS by_id,
    bool_or(l.method = 'id' AND g.path_key = a.path_key) AS same_path,
    bool_or(l.method = 'id' AND g.path_key <> a.path_key) AS other_path
  FROM link_rows AS l
  JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
  JOIN app_facts AS a ON a.hop_id = l.app_hop_id
  WHERE l.verdict = 'linked' GROUP BY l.gateway_hop_id
)
SELECT
  g.organization, g.environment, g.proxy,
  count(*)::INTEGER AS hops,
  count(*) FILTER (WHERE g.target_called)::INTEGER AS called,
  count(*) FILTER (WHERE g.target_called AND l.gateway_hop_id IS NOT NULL)::INTEGER AS linked,
  count(*) FILTER (WHERE l.by_id)::INTEGER AS linked_by_id,
  count(*) FILTER (WHERE g.target_called AND g.correlation_id IS NOT NULL)::INTEGER AS ids,
  count(*) FILTER (WHERE g.target_called AND (g.target_sent_start_ts IS NULL OR g.target_received_end_ts IS NULL))::INTEGER AS no_stamps,
  count(*) FILTER (WHERE NOT g.target_called AND l.by_id)::INTEGER AS uncalled_linked,
  count(*) FILTER (WHERE g.subject_kind = 'user')::INTEGER AS people,
  count(*) FILTER (WHERE coalesce(l.same_path, FALSE))::INTEGER AS same_path,
  count(*) FILTER (WHERE coalesce(l.other_path AND NOT l.same_path, FALSE))::INTEGER AS other_path
FROM gateway_facts AS g LEFT JOIN linked AS l ON l.gateway_hop_id = g.hop_id
GROUP BY ALL
ORDER BY hops DESC, g.organization, g.environment, g.proxy
