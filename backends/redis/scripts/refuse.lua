#!lua flags=allow-oom
-- Ends a session that is refused because its user is disabled or gone, for good.
local id, now8 = unpack(ARGV)
local row = call('GET', at(id))
if not row or byte(row, 2) ~= 0 then
	return {}
end
local uid = owner(row)
local user = userOf(id, uid)
if not user or byte(user, 17) ~= 0 then
	finish(id, row, now8, 'user_ended')
	announce(uid)
end
return {}
