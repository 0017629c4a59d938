-- shared-credential: One credential from many networks
-- meaning: A token, or a subject's credential, was used from more networks (/24, or /48 of IPv6) in a day than one
--   person has.
-- criteria: CC6.1
-- severity: medium
-- do: Ask the owner. Replace the credential, and give each user and job one of its own.
-- coverage: none
-- config: none
-- erased: gateway_hop_id IS NOT NULL
-- not-evaluated: subject-erased
-- about: credential
-- gap: none
WITH used AS (
  SELECT application, request_id, start_ts, gateway_hop_id, network_of(client_ip) AS network,
    unnest([
      CASE WHEN access_token IS NOT NULL THEN 'token ' || access_token END,
      CASE WHEN gateway_subject IS NOT NULL THEN concat_ws(' ', gateway_kind, gateway_subject) END
    ]) AS credential
  FROM calls
  WHERE gateway_hop_id IS NOT NULL AND client_ip IS NOT NULL
), counted AS (
  SELECT application, credential, count(DISTINCT network) AS networks, count(*) AS total
  FROM used WHERE credential IS NOT NULL AND network IS NOT NULL GROUP BY ALL HAVING count(DISTINCT network) >= $networks::BIGINT
)
SELECT
  u.application, u.request_id, u.start_ts AS at_ts,
  json_object('credential', u.credential) AS about,
  [u.gateway_hop_id] AS hops,
  n.networks || ' networks' AS note,
  n.total,
  NULL AS why_not
FROM used AS u JOIN counted AS n ON n.application = u.application AND n.credential = u.credential
