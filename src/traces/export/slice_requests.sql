-- Requests of which something is to be sent, in slices of so many in their order.
-- Reads the table hops_to_send. params: size INTEGER
-- hops: ids of what is to be sent; up_to: place of the last of it.
-- grain: request_id
SELECT
  hex_id(request_id) AS request_id,
  list(hex_id(hop_id) ORDER BY n) AS hops,
  max(n) AS up_to,
  (row_number() OVER (ORDER BY min(n)) - 1) // $size::INTEGER AS slice
FROM hops_to_send
GROUP BY request_id
