#!lua
-- Creates a session: see Store.Create. The row comes without its two epochs.
local id, uid, now8, row, version, replaces, seen, kind = unpack(ARGV)
local total, perKind, refuse = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1'
local user, all, now = userOf(id, uid), epoch(), int(now8, 1)
if not user then
	return {'unknown'}
elseif byte(user, 17) ~= 0 then
	return {'disabled'}
elseif version ~= '' and sub(user, 1, 8) ~= version then
	return {'conflict'}
elseif seen ~= '' and user ~= seen then
	return {'again', user}
elseif call('EXISTS', at(id)) == 1 then
	return {'conflict'}
end

local list = key('l', uid)
local evicted, ended = {}, {}
if total > 0 or perKind > 0 then
	-- Limit.Evict of package backends.
	local count, same = 1, 1
	for _, other in ipairs(call('ZREVRANGE', list, 0, -1)) do
		local r = call('GET', at(other))
		if not r then
			call('ZREM', list, other)
		elseif other ~= replaces and live(r, user, all, now) then
			local _, from = text(r, 141)
			local its, actor = text(r, from)
			local own = byte(r, actor) == 0
			local full = own and ( total > 0 and count >= total or perKind > 0 and same >= perKind and its == kind)
			if full and refuse then
				return {'limit'}
			elseif full then
				evicted[#evicted + 1] = {other, r}
			elseif own then
				count = count + 1
				if its == kind then
					same = same + 1
				end
			end
		end
	end
else
	-- Each login adds one to the list, and removes up to four of which Redis has removed the row.
	for _, other in ipairs(call('ZRANDMEMBER', list, 4)) do
		if call('EXISTS', at(other)) == 0 then
			call('ZREM', list, other)
		end
	end
end

if replaces ~= '' then
	local r = call('GET', at(replaces))
	if r and owner(r) == uid and not over(r, user, all) then
		if unexpired(r, now) then
			ended[1] = replaces
		end
		finish(replaces, r, now8, 'replaced')
	end
end
for _, e in ipairs(evicted) do
	ended[#ended + 1] = e[1]
	finish(e[1], e[2], now8, 'superseded')
end
put(id, sub(row, 1, 90) .. sub(user, 9, 16) .. sub(all, 1, 8) .. sub(row, 107), now)
if #ended > 0 then
	announce(uid)
end
return {'ok', ended}
