-- identity-header-from-untrusted-proxy: A user's name from an untrusted address
-- meaning: A line of IIS names a user by a header, and came from an address that is none of the gateway's. Only the
--   gateway may name users; anybody can write a header.
-- criteria: CC6.1, CC6.6
-- severity: high
-- do: Let the application, or a rule of IIS, drop the header unless it comes from the gateway; close the way past
--   the gateway. Check what was done under the name.
-- coverage: none
-- config: trustedProxies
-- erased: app_hops > 0
-- not-evaluated: address-not-logged, subject-erased
-- about: address
-- gap: 60 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('address', l.peer_ip) AS about,
  [l.hop_id] AS hops,
  concat_ws(' ', 'as', l.subject_raw, 'answered', l.status, 'by', l.host) AS note,
  CASE WHEN l.peer_ip IS NULL THEN 'address-not-logged' END AS why_not
FROM calls AS c JOIN lines AS l ON l.request_id = c.request_id
WHERE l.header_user AND NOT coalesce(l.trusted, FALSE)
