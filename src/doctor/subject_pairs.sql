-- How the two sides of links by id name who it was. Reads the views gateway_facts, app_facts and link_rows.
-- grain: all columns but pairs
SELECT
  g.subject_kind AS gateway_kind, coalesce(g.subject_issuer, '') AS gateway_issuer, g.subject_name AS gateway_name,
  a.subject_kind AS app_kind, coalesce(a.subject_issuer, '') AS app_issuer, a.subject_name AS app_name,
  a.end_ts::DATE::VARCHAR AS day,
  count(*)::INTEGER AS pairs
FROM link_rows AS l
JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
JOIN app_facts AS a ON a.hop_id = l.app_hop_id
WHERE l.verdict = 'linked' AND l.method = 'id' AND g.subject_name IS NOT NULL AND a.subject_name IS NOT NULL
GROUP BY ALL
ORDER BY pairs DESC, gateway_name, app_name, gateway_issuer, app_issuer, day
LIMIT 200000
