-- The hops of each request of a population: the gateway hop first, then its hops of servers in the order of their ends.
-- Reads the table population (requests, numbered by n) and the view server_facts.
-- grain: n, k
SELECT n, 0 AS k, 'gateway' AS kind, gateway_hop_id::UUID AS hop_id
FROM population WHERE gateway_hop_id IS NOT NULL
UNION ALL
SELECT n, k,
  CASE WHEN app_hop_id::UUID IN (SELECT hop_id FROM server_facts WHERE kernel) THEN 'kernel' ELSE 'app' END AS kind,
  app_hop_id::UUID AS hop_id
FROM (SELECT n, unnest(app_hop_ids) AS app_hop_id, generate_subscripts(app_hop_ids, 1) AS k FROM population)
