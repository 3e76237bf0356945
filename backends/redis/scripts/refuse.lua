#!lua flags=allow-oom
-- Decides in one step about a session that is over with others, or because of its user, as it seems.
-- One that is over is marked, so that it never lives again. Returns what a look-up reads.
local id, now8 = unpack(ARGV)
local row = call('GET', at(id))
if not row then
	return {}
end
local uid = owner(row)
local user, all = userOf(id, uid), epoch()
if byte(row, 2) == 0 then
	local when, why = over(row, user, all)
	if when then
		finish(id, row, when, why)
	elseif not user or byte(user, 17) ~= 0 then
		finish(id, row, now8, 'user_ended')
		announce(uid)
	end
end
return {row, user, all}
