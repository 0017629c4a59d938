-- Hops of ready requests that the receiver has not taken yet, in the order in which they are sent.
-- Reads the tables day_hops, ready_requests (request_id), traced and sent_hops.
-- grain: hop_id
SELECT
  row_number() OVER (ORDER BY t.start_us, h.request_id, h.place) AS n,
  h.request_id::UUID AS request_id, h.hop_id, h.side, t.trace_id::UUID AS trace_id
FROM day_hops AS h
JOIN traced AS t ON t.request_id = h.request_id
WHERE h.request_id IN (SELECT request_id FROM ready_requests) AND h.hop_id NOT IN (SELECT hop_id FROM sent_hops)
