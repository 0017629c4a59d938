-- id-contradicted: An id that belongs to another call
-- meaning: A line of IIS carries the id of a call through the gateway, and method, path, time or the address it
--   came from say that it was not that call: an id that was copied or replayed, or one that two systems made alike.
-- criteria: CC6.1, CC7.2
-- severity: high
-- do: Look at address and path of the line. From outside the gateway it is a replay until explained; from inside,
--   find the client that uses ids again.
-- coverage: none
-- config: none
-- erased: FALSE
-- not-evaluated: link-ambiguous, partner-pruned, subject-erased
-- about: address
-- gap: 60 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('address', l.peer_ip) AS about,
  list_distinct([l.hop_id, r.gateway_hop_id]) AS hops,
  concat_ws(' ', 'at', l.host || ',', 'contradicted by', replace(r.reasons, ' ', ', ')) AS note,
  c.undecided AS why_not
FROM calls AS c
JOIN lines AS l ON l.request_id = c.request_id
JOIN (
  SELECT hex_id(app_hop_id) AS app_hop_id, min(hex_id(gateway_hop_id)) AS gateway_hop_id, arg_min(reasons, hex_id(gateway_hop_id)) AS reasons
  FROM link_rows WHERE verdict = 'contradicted' AND app_day = $day::DATE GROUP BY ALL
) AS r ON r.app_hop_id = l.hop_id
WHERE c.unclaimed OR (c.undecided IS NOT NULL AND c.gateway_hop_id IS NULL)
