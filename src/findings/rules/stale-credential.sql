-- stale-credential: A token that should be dead
-- meaning: An access token was accepted longer after its first use than tokens hold by policy, or after its device
--   had gone on to a new one.
-- criteria: CC6.1
-- severity: medium
-- do: Check the lifetime that the gateway gives tokens, and revoke what was replaced. A replaced token from another
--   address was copied.
-- coverage: none
-- config: tokenLifetimeMinutes
-- erased: gateway_hop_id IS NOT NULL
-- not-evaluated: subject-erased
-- about: credential
-- gap: none
WITH uses AS (
  -- A token is no younger than its first use.
  SELECT access_token AS token, min(first_ts) AS first_ts, max(last_ts) AS last_ts, arg_min(device, first_ts) AS device
  FROM token_uses GROUP BY access_token
), replaced AS (
  SELECT token, lead(first_ts) OVER (PARTITION BY device ORDER BY first_ts, token) AS replaced_ts FROM uses
), judged AS (
  SELECT c.*, u.first_ts, r.replaced_ts,
    c.start_ts > u.first_ts + to_microseconds($token_lifetime_us::BIGINT) AS is_old,
    c.start_ts > r.replaced_ts + INTERVAL 5 MINUTE AS is_replaced
  FROM calls AS c
  JOIN uses AS u ON u.token = c.access_token
  JOIN replaced AS r ON r.token = c.access_token
  WHERE c.access_token IS NOT NULL AND NOT coalesce(c.policy_error, FALSE)
)
SELECT
  application, request_id, start_ts AS at_ts,
  json_object('credential', 'token ' || access_token) AS about,
  [gateway_hop_id] AS hops,
  CASE WHEN is_old THEN 'older than its lifetime' ELSE 'its device had a newer one' END
    || CASE WHEN coalesce(app_status, status) >= 400 THEN ', refused' ELSE '' END AS note,
  NULL AS why_not
FROM judged
WHERE is_old OR is_replaced
