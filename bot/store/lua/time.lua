-- Return the store's clock, ms. A script, so that on a cluster the node that keeps the desk answers.
--
-- KEYS  1 any key of the desk
-- ARGV  none

local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)
