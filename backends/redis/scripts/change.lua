#!lua flags=allow-oom
-- Changes a user, and ends the sessions that do not survive it with their user's epoch: all at
-- once, however many. Then it marks the first of them.
local uid, place, now8, why, except, mark, version, next, op, value = unpack(ARGV)
local users, all = key('u', place), epoch()
local user = call('HGET', users, uid)
if not user then
	write()
	return {'unknown'}
elseif version ~= '' and sub(user, 1, 8) ~= version then
	write()
	return {'conflict'}
end
if why ~= '' and except ~= '' then
	local row = call('GET', at(except))
	if row and owner(row) == uid and not over(row, user, all) then
		call('SETRANGE', at(except), 90, mark)
	end
end
local reason, rest = text(user, 26)
local disabled, since = sub(user, 17, 17), sub(user, 18, 25)
local its = sub(user, 9, 16)
rest = sub(user, rest) -- name and roles
if next == '' then
	next = sub(user, 1, 8)
end
if why ~= '' then
	its, since, reason = mark, now8, why
end
if op == 'disable' then
	disabled = '\1'
elseif op == 'enable' then
	disabled = '\0'
elseif op == 'roles' then
	local _, roles = text(rest, 1)
	rest = sub(rest, 1, roles - 1) .. value
elseif op == 'password' then
	call('SET', key('p', uid), value)
end
if op == 'delete' then
	call('HDEL', users, uid)
	call('DEL', key('p', uid))
	call('ZREM', key('i', ''), uid)
	user = false
else
	user = next .. its .. disabled .. since .. struct.pack('>Bc0', #reason, reason) .. rest
	call('HSET', users, uid, user)
end
announce(uid)
if why == '' then
	return {'ok', 0, -1}
end
return {'ok', finishAll(uid, user, all, now8, 0)}
