-- What the rows of each IIS log say, by source and by who wrote them. Reads the views app_facts and link_rows.
-- Of a log that a shipper wrapped, the folder that it has on its host tells the site, too.
-- grain: source_id, host, site, server_ip
WITH linked AS (
  SELECT app_hop_id, bool_or(starts_with(method, 'id')) AS by_id FROM link_rows WHERE verdict = 'linked' GROUP BY app_hop_id
)
SELECT
  a.source_id, lower(a.host) AS host,
  lower(coalesce(a.site, nullif(regexp_extract(a.attributes, '"log[.]file[.]path":"[^"]*[/\\]+(W3SVC\d+)[/\\]+[^"/\\]*"', 1, 'i'), ''))) AS site,
  a.server_ip,
  count(*)::INTEGER AS lines,
  count(l.app_hop_id)::INTEGER AS linked,
  count(*) FILTER (WHERE l.by_id)::INTEGER AS linked_by_id,
  count(a.correlation_id)::INTEGER AS ids,
  count(a.duration_us)::INTEGER AS durations,
  count(a.bytes_out)::INTEGER AS bytes_out,
  count(a.bytes_in)::INTEGER AS bytes_in,
  count(a.host_header)::INTEGER AS host_headers,
  count(a.peer_ip)::INTEGER AS peers,
  count(a.subject_name)::INTEGER AS subjects,
  count(*) FILTER (WHERE a.subject_raw IS DISTINCT FROM a.username AND a.subject_raw IS NOT NULL)::INTEGER AS forwarded_subjects,
  count(a.client_ip)::INTEGER AS forwarded_addresses
FROM app_facts AS a LEFT JOIN linked AS l ON l.app_hop_id = a.hop_id
GROUP BY ALL
ORDER BY a.source_id, host, site, a.server_ip
