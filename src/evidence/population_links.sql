-- The link rows that the state of each request of a population rests on.
-- Reads the tables population (requests, numbered by n) and pruning, and the views link_rows and border_rows (links that
-- are kept of pruned days).
-- grain: n, is_border, gateway_hop_id, app_hop_id
WITH linked AS (
  SELECT gateway_hop_id, app_hop_id, app_day FROM link_rows WHERE verdict = 'linked' AND posterior >= 0.9
), undecided AS (
  SELECT gateway_hop_id, app_hop_id, verdict FROM link_rows
  WHERE verdict IN ('ambiguous', 'callout') AND app_hop_id NOT IN (SELECT app_hop_id FROM linked)
), at_gateway AS (
  SELECT n, state, gateway_hop_id::UUID AS hop_id, app_hop_ids FROM population WHERE gateway_hop_id IS NOT NULL
), past_gateway AS (
  SELECT n, state, request_id::UUID AS hop_id FROM population WHERE gateway_hop_id IS NULL
)
SELECT n, FALSE AS is_border, l.gateway_hop_id, l.app_hop_id
FROM at_gateway AS p JOIN linked AS l ON l.gateway_hop_id = p.hop_id
WHERE (p.state = 'joined' AND list_contains(p.app_hop_ids, hex_id(l.app_hop_id)))
  OR (p.state = 'partner-pruned' AND l.app_day < (SELECT before FROM pruning))
UNION ALL
SELECT n, FALSE, l.gateway_hop_id, l.app_hop_id
FROM at_gateway AS p JOIN undecided AS l ON l.gateway_hop_id = p.hop_id
WHERE p.state = 'ambiguous' AND l.verdict = 'ambiguous'
UNION ALL
SELECT n, FALSE, l.gateway_hop_id, l.app_hop_id
FROM past_gateway AS p JOIN undecided AS l ON l.app_hop_id = p.hop_id
WHERE p.state = l.verdict
UNION ALL
SELECT DISTINCT n, TRUE, b.gateway_hop_id, b.app_hop_id
FROM past_gateway AS p JOIN border_rows AS b ON b.app_hop_id = p.hop_id
WHERE p.state = 'partner-pruned' AND b.verdict = 'linked' AND b.posterior >= 0.9
