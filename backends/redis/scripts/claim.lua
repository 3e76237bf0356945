#!lua
-- Claims a name until ARGV[2], in microseconds; it is free if its claim ended at ARGV[1] or before.
local has = redis.call('GET', KEYS[1])
if has and tonumber(has) > tonumber(ARGV[1]) then
	return {0}
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {1}
