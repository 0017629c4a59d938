-- Hours in which applications have requests that are judged.
-- Reads the table timed_calls.
-- grain: application, hour
SELECT DISTINCT application, date_trunc('hour', start_ts) AS hour FROM timed_calls
