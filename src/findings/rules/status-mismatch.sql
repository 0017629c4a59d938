-- status-mismatch: The application said something else
-- meaning: Gateway and IIS logged different statuses for one answer, or the gateway gave up on a call that the
--   application went on to fulfil.
-- criteria: CC7.2, CC4.1
-- severity: low
-- do: Look for what stands between the two (a proxy, a module that rewrites errors); raise the gateway's timeout
--   above what the application takes. A call that was fulfilled may have been repeated by its client.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: link-uncertain, link-ambiguous, partner-pruned
-- about: host, site
-- gap: 60 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('host', c.host, 'site', c.site) AS about,
  list_prepend(c.gateway_hop_id, c.app_hop_ids) AS hops,
  concat_ws(' ', 'gateway got', coalesce(c.target_status::VARCHAR, 'no answer') || ',', 'IIS logged', c.app_status) AS note,
  CASE WHEN c.undecided IS NOT NULL THEN c.undecided WHEN NOT c.sure THEN 'link-uncertain' END AS why_not
FROM calls AS c
WHERE (c.state = 'joined' AND (c.target_status <> c.app_status OR (c.target_status IS NULL AND c.app_status < 400)))
  OR (c.undecided IS NOT NULL AND c.target_called)
