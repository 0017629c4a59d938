-- unauthenticated-access: Answered, and nobody was named
-- meaning: The application answered a request (status below 400) for which neither side named a user, a client or a
--   token, though the site names users elsewhere.
-- criteria: CC6.1
-- severity: medium
-- do: Let the application ask for a login there. Paths that are for everybody belong into findings.publicPaths.
-- coverage: none
-- config: none
-- erased: app_hops > 0 AND status < 400
-- not-evaluated: users-not-logged, link-ambiguous, partner-pruned, subject-erased
-- about: proxy or host, site
-- gap: 60 min
WITH naming AS (
  SELECT application, site FROM lines WHERE subject_raw IS NOT NULL GROUP BY ALL
)
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('proxy or host', coalesce(c.proxy, c.host), 'site', c.site) AS about,
  c.app_hop_ids AS hops,
  concat_ws(' ', c.method, 'answered', c.status) AS note,
  CASE WHEN c.undecided IS NOT NULL THEN c.undecided WHEN n.site IS NULL THEN 'users-not-logged' END AS why_not
FROM calls AS c
LEFT JOIN naming AS n ON n.application = c.application AND n.site = c.site
WHERE c.status < 400 AND c.app_hops > 0 AND c.gateway_subject IS NULL AND c.app_subject IS NULL AND c.client_id IS NULL AND c.access_token IS NULL
  AND (c.state IN ('joined', 'app-only', 'awaiting-gateway') OR (c.undecided IS NOT NULL AND c.gateway_hop_id IS NULL))
  AND EXISTS (SELECT 1 FROM lines AS l WHERE l.request_id = c.request_id)
  AND NOT EXISTS (SELECT 1 FROM lines AS l WHERE l.request_id = c.request_id AND l.expected)
  AND NOT EXISTS (SELECT 1 FROM public_paths AS p WHERE lower(coalesce(c.path, '')) LIKE p.path ESCAPE '\')
