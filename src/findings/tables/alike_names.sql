-- Ways of writing subjects in which gateway and application of a proxy agree to the letter, five times or more.
-- Reads the table timed_calls.
-- grain: application, proxy, site, shape
SELECT application, proxy, site, gateway_shape AS shape
FROM timed_calls
WHERE lower(gateway_subject) = lower(app_subject) AND gateway_shape = app_shape
GROUP BY ALL
HAVING count(*) >= 5
