-- identity-mismatch: Two systems name two people
-- meaning: Gateway and application logged the same request under two different users: an identity that was mixed up
--   or put in on the way.
-- criteria: CC6.1, CC6.3
-- severity: high
-- do: Follow the header that carries the user from the gateway's policy to the application; look for shared
--   connections and caches in between. Names that mean the same person belong into subjects.
-- coverage: none
-- config: none
-- erased: gateway_hop_id IS NOT NULL AND (app_hops > 0 OR undecided IS NOT NULL)
-- not-evaluated: other-leg-missing, names-differ-in-form, link-uncertain, link-ambiguous, partner-pruned, subject-erased
-- about: host, site
-- gap: 30 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('host', c.host, 'site', c.site) AS about,
  list_prepend(c.gateway_hop_id, c.app_hop_ids) AS hops,
  concat_ws(' ', c.gateway_subject, 'at the gateway,', c.app_subject, 'at IIS') AS note,
  CASE WHEN c.undecided IS NOT NULL THEN c.undecided WHEN c.unanswered THEN 'other-leg-missing' WHEN NOT c.names_comparable THEN 'names-differ-in-form' WHEN NOT c.sure THEN 'link-uncertain' END AS why_not
FROM calls AS c
WHERE c.gateway_kind = 'user' AND (
  (c.state = 'joined' AND c.app_kind = 'user' AND (NOT c.names_comparable OR lower(c.gateway_subject) <> lower(c.app_subject)))
  OR c.unanswered OR (c.undecided IS NOT NULL AND c.target_called))
