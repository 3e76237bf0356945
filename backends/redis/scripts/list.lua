#!lua flags=no-writes,allow-oom
-- Returns the user, the epoch, and then ID and row of the user's sessions that are live, from the
-- place in the list on: no more than asked for.
local uid, place, now8, seen, after = unpack(ARGV)
local user, all, now, most = call('HGET', key('u', place), uid), epoch(), int(now8, 1), tonumber(ARGV[6])
local found, from = {user, all}, 0
if not user then
	return {}
end
repeat
	local ids = call('ZREVRANGEBYSCORE', key('l', uid), seen, '-inf', 'WITHSCORES', 'LIMIT', from, chunk)
	for i = 1, #ids, 2 do
		local id = ids[i]
		local row = (tonumber(ids[i + 1]) < tonumber(seen) or id < after) and call('GET', at(id))
		if row and live(row, user, all, now) then
			found[#found + 1] = id
			found[#found + 1] = row
			if #found >= 2 + 2 * most then
				return found
			end
		end
	end
	from = from + chunk
until #ids < 2 * chunk
return found
