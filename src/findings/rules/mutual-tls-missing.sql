-- mutual-tls-missing: Served without a client certificate
-- meaning: A site that is to be reached with a client certificate only answered (status below 400) a request
--   without one.
-- criteria: CC6.1, CC6.6
-- severity: high
-- do: Set SslRequireCert for the site (403.7 refuses who shows none), and have a handshake where the balancer ends
--   TLS. Look at who was served.
-- coverage: none
-- config: mutualTls
-- erased: app_hops > 0 AND status < 400
-- not-evaluated: certificate-not-logged, subject-erased
-- about: host, site
-- gap: 30 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('host', l.host, 'site', l.site) AS about,
  [l.hop_id] AS hops,
  concat_ws(' ', 'from', coalesce(l.peer_ip, 'an unlogged address'), 'answered', l.status) AS note,
  CASE WHEN l.certificate IS NULL THEN 'certificate-not-logged' END AS why_not
FROM calls AS c JOIN lines AS l ON l.request_id = c.request_id
WHERE l.mutual_tls AND l.status < 400 AND NOT coalesce(l.certificate, FALSE)
