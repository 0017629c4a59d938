-- Which gateway routes are linked with which app endpoints, and how often. Reads the views gateway_facts, app_facts and
-- link_rows and the table source_origins (source_id, host, site: what paths say about logs whose rows do not).
-- NULL: not logged.
-- grain: environment, proxy, target_host, site, host_header, server_ip, host
SELECT
  g.environment, g.proxy, lower(g.target_host) AS target_host,
  lower(coalesce(a.site, o.site)) AS site,
  lower(a.host_header) AS host_header,
  a.server_ip,
  lower(coalesce(a.host, o.host)) AS host,
  count(*)::INTEGER AS links
FROM link_rows AS l
JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
JOIN app_facts AS a ON a.hop_id = l.app_hop_id
LEFT JOIN source_origins AS o ON o.source_id = a.source_id
WHERE l.verdict = 'linked'
GROUP BY ALL
ORDER BY links DESC, environment, proxy, target_host, site, host_header, server_ip, host
