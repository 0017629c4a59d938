-- header-alias: One id under two spellings
-- meaning: A site gets its correlation id under names that differ in case, dashes or underscores only. What reads
--   one spelling misses the other.
-- criteria: CC4.1
-- severity: low
-- do: Settle on one spelling, set it at the gateway, and log that one.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: none
-- about: site, usual, other
-- gap: none
WITH named AS (
  SELECT application, request_id, hop_id, start_ts, site, correlation_field AS name,
    lower(regexp_replace(correlation_field, '[-_. ]', '', 'g')) AS folded
  FROM lines WHERE correlation_field IS NOT NULL
), counted AS (
  SELECT application, site, folded, name, count(*) AS lines FROM named GROUP BY ALL
), usual AS (
  SELECT application, site, folded, arg_max(name, struct_pack(lines, name)) AS name, sum(lines)::BIGINT AS total
  FROM counted GROUP BY ALL HAVING count(*) > 1
)
SELECT
  n.application, n.request_id, n.start_ts AS at_ts,
  json_object('site', n.site, 'usual', u.name, 'other', n.name) AS about,
  [n.hop_id] AS hops,
  n.name AS note,
  u.total,
  NULL AS why_not
FROM named AS n
JOIN usual AS u ON u.application = n.application AND u.site = n.site AND u.folded = n.folded AND u.name <> n.name
