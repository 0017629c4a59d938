-- reused-correlation-id: An id that several calls share
-- meaning: A client sent one correlation id with several calls, so that it identifies none of them. Traces, which
--   share an id on purpose, do not count.
-- criteria: CC4.1
-- severity: low
-- do: Ask the client's developers for an id a call, or let the gateway add its own message id.
-- coverage: none
-- config: none
-- erased: FALSE
-- not-evaluated: subject-erased
-- about: client
-- gap: none
WITH own AS (
  SELECT *, count(*) OVER (PARTITION BY application, gateway_id) AS sharing,
    count(*) OVER (PARTITION BY application, coalesce(developer_app, client_id)) AS total
  FROM calls
  WHERE gateway_id IS NOT NULL AND gateway_id IS DISTINCT FROM trace_id
    AND regexp_replace(lower(gateway_field), '[-_. ]', '', 'g') NOT LIKE '%traceparent'
)
SELECT
  application, request_id, start_ts AS at_ts,
  json_object('client', coalesce(developer_app, client_id)) AS about,
  [gateway_hop_id] AS hops,
  concat_ws(' ', 'shared by', sharing, 'calls:', gateway_id) AS note,
  total,
  NULL AS why_not
FROM own
WHERE sharing > 1
