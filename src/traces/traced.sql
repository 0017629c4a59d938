-- The trace of each request of the table span_requests, and what leads into it.
-- Reads the table span_requests, the views gateway_facts, server_facts and link_rows, and the tables recorded_traces (hop_id, trace_id: what was
-- exported before) and shared_ids (id: correlation ids of so many hops that they name no request).
-- trace_id: as exported before; else of the traceparent of the gateway hop, else of that of the first app hop which an
-- id joins (of a request without a gateway hop: of its own), else of the correlation id, else the request's own id.
-- trace_from: which of these. parent_id: the span that the deciding traceparent names; NULL without one.
-- previous_id: the request before it in its trace, among those at hand; NULL: none.
-- grain: request_id
WITH app_hops AS (
  SELECT request_id, gateway_hop_id, unnest(app_hop_ids)::UUID AS app_hop_id, generate_subscripts(app_hop_ids, 1) AS place
  FROM span_requests
), app_parents AS (
  SELECT
    h.request_id,
    arg_min(a.traceparent, h.place) FILTER (WHERE h.gateway_hop_id IS NULL OR l.method = 'id') AS traceparent,
    arg_min(hex_id(t.trace_id), h.place) AS recorded
  FROM app_hops AS h
  JOIN server_facts AS a ON a.hop_id = h.app_hop_id
  LEFT JOIN link_rows AS l ON l.app_hop_id = h.app_hop_id AND l.gateway_hop_id = h.gateway_hop_id::UUID AND l.verdict = 'linked'
  LEFT JOIN recorded_traces AS t ON t.hop_id = h.app_hop_id
  WHERE a.traceparent IS NOT NULL OR t.trace_id IS NOT NULL
  GROUP BY h.request_id
), callers AS (
  -- The gateway hop whose id a call on the way carries: it belongs to the same trace.
  SELECT l.app_hop_id, min(g.traceparent) AS traceparent
  FROM link_rows AS l JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
  WHERE l.verdict = 'callout' AND g.traceparent IS NOT NULL
  GROUP BY l.app_hop_id
), known AS (
  SELECT
    r.request_id, epoch_us(r.start_ts)::DOUBLE AS start_us,
    coalesce(hex_id(t.trace_id), a.recorded) AS recorded,
    lower(trim(g.traceparent)) AS gateway_parent,
    lower(trim(a.traceparent)) AS app_parent,
    lower(trim(c.traceparent)) AS caller_parent,
    CASE WHEN r.correlation_id NOT IN (SELECT id FROM shared_ids) THEN trace_of_id(r.correlation_id) END AS of_id
  FROM span_requests AS r
  LEFT JOIN recorded_traces AS t ON t.hop_id = r.request_id::UUID
  LEFT JOIN gateway_facts AS g ON g.hop_id = r.gateway_hop_id::UUID
  LEFT JOIN app_parents AS a ON a.request_id = r.request_id
  LEFT JOIN callers AS c ON r.gateway_hop_id IS NULL AND c.app_hop_id = r.request_id::UUID
), decided AS (
  SELECT
    *,
    coalesce(recorded, substr(gateway_parent, 4, 32), substr(app_parent, 4, 32), substr(caller_parent, 4, 32), of_id, request_id) AS trace_id
  FROM known
)
SELECT
  request_id, start_us, trace_id,
  CASE
    WHEN trace_id = substr(gateway_parent, 4, 32) THEN 'gateway-traceparent'
    WHEN trace_id = substr(app_parent, 4, 32) THEN 'app-traceparent'
    WHEN trace_id = substr(caller_parent, 4, 32) THEN 'caller-traceparent'
    WHEN trace_id = of_id THEN 'correlation-id'
    WHEN trace_id = request_id THEN 'request-id'
    ELSE 'earlier-export'
  END AS trace_from,
  CASE
    WHEN trace_id = substr(gateway_parent, 4, 32) THEN substr(gateway_parent, 37, 16)
    WHEN trace_id = substr(app_parent, 4, 32) THEN substr(app_parent, 37, 16)
  END AS parent_id,
  lag(request_id) OVER (PARTITION BY trace_id ORDER BY start_us, request_id) AS previous_id
FROM decided
