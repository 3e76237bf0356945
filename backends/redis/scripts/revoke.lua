#!lua flags=allow-oom
-- Ends a session, or marks one that is over. It writes in any case.
local id, now8, why = unpack(ARGV)
local row = call('GET', at(id))
if not row then
	write()
	return {0, ''}
end
local uid = owner(row)
local user, all = userOf(id, uid), epoch()
local was = live(row, user, all, int(now8, 1))
if byte(row, 2) == 0 then
	local when, reason = over(row, user, all)
	finish(id, row, when or now8, reason or why)
end
announce(uid)
return {was and 1 or 0, uid}
