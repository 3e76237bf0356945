#!lua
-- Replaces the values of all keys, or of none if one of them has changed. Each has three arguments:
-- the value it must have, its next one, '' for none, and for how many milliseconds, '' for ever.
for i, k in ipairs(KEYS) do
	if (redis.call('GET', k) or '') ~= ARGV[3 * i - 2] then
		return {0}
	end
end
for i, k in ipairs(KEYS) do
	local next, ttl = ARGV[3 * i - 1], ARGV[3 * i]
	if next == '' then
		redis.call('DEL', k)
	elseif ttl == '' then
		redis.call('SET', k, next)
	else
		redis.call('SET', k, next, 'PX', ttl)
	end
end
return {1}
