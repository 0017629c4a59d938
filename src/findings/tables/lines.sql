-- Hops of servers, of IIS and of HTTP.sys (kernel), of the requests of a day, with what rules ask of a line.
-- linked: a gateway hop claims it; trusted: from a configured proxy, NULL where none is configured; expected: a caller that
-- may come without the gateway; header_user: a custom field names the caller; certificate: the line holds something of a
-- client certificate, NULL where its log has no such field; mutual_tls: its site wants one. link_method, posterior: of the
-- link to its gateway hop. reason, queue: of HTTP.sys.
-- Reads the tables timed_calls, peers, expected_direct, mutual_tls_sites and certificate_sources; the views server_facts and link_rows.
-- params: certificate VARCHAR (pattern of a member of the attributes)
-- grain: hop_id
WITH hops AS (
  SELECT request_id, application, gateway_hop_id, unnest(app_hop_ids) AS hop_id FROM timed_calls
), claims AS (
  SELECT gateway_hop_id, app_hop_id, any_value(how) AS how, any_value(method) AS method, max(posterior) AS posterior
  FROM link_rows WHERE verdict = 'linked' GROUP BY ALL
)
SELECT
  h.hop_id, h.request_id, h.application, h.gateway_hop_id IS NOT NULL AS linked, l.how, l.posterior, l.method AS link_method,
  a.kernel, a.reason, a.queue, a.start_ts, a.end_ts, a.method, a.path, a.path_key, a.status, a.substatus, a.handshake,
  coalesce(a.clock, a.server_ip, '') AS clock, coalesce(a.host, a.server_ip) AS host, coalesce(a.site, '') AS site,
  a.peer_ip, p.trusted, EXISTS (
    SELECT 1 FROM expected_direct AS e WHERE e.peer_ip = coalesce(a.peer_ip, '') AND lower(coalesce(a.path, '')) LIKE e.path ESCAPE '\'
  ) AS expected,
  a.username, a.subject_raw, a.subject_raw IS NOT NULL AND a.subject_raw IS DISTINCT FROM a.username AS header_user,
  a.correlation_id, a.correlation_field,
  CASE WHEN a.source_id IN (SELECT source_id FROM certificate_sources)
    THEN coalesce(regexp_matches(a.attributes, $certificate), FALSE)
    END AS certificate,
  EXISTS (
    SELECT 1 FROM mutual_tls_sites AS m
    WHERE (m.sites IS NULL OR regexp_full_match(lower(coalesce(a.site, '')), m.sites))
      AND (m.host_headers IS NULL OR regexp_full_match(lower(coalesce(a.host_header, '')), m.host_headers))
      AND (m.hosts IS NULL OR regexp_full_match(lower(coalesce(a.host, '')), m.hosts))
  ) AS mutual_tls
FROM hops AS h
JOIN server_facts AS a ON a.hop_id = h.hop_id::UUID
LEFT JOIN claims AS l ON l.app_hop_id = a.hop_id AND l.gateway_hop_id = h.gateway_hop_id::UUID
LEFT JOIN peers AS p ON p.peer_ip = coalesce(a.peer_ip, '')
