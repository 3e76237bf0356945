#!lua flags=allow-oom
-- Presents a generation: see Rotator.Rotate. The verdict is that of Session.Rotation of package
-- backends: numbers are its constants, and -1 stands for a session that is not found or over.
local id, now8, secret, n, next, grace, half = unpack(ARGV)
local row, now = call('GET', at(id)), int(now8, 1)
if not row or sub(row, 107, 138) ~= secret then
	return {-1}
end
local uid = owner(row)
local user, all = userOf(id, uid), epoch()
if not live(row, user, all, now) then
	if not over(row, user, all) and unexpired(row, now) then
		finish(id, row, now8, 'user_ended')
		announce(uid)
	elseif ARGV[8] == '1' then -- for WAIT: it may be over because of a theft that was not confirmed
		write()
	end
	return {-1, row, user, all}
end

local current, age, seen = sub(row, 67, 74), now - int(row, 75), sub(row, 83, 90)
local graced = age < tonumber(grace)
local verdict = 3 -- stolen
if n == current then
	verdict = graced and 2 or 1 -- replayed or rotated
elseif next == current and seen == never and age >= tonumber(half) then
	verdict = 4 -- recovered
elseif next == current and graced then
	verdict = 2
else
	local nh, nl = struct.unpack('>I4I4', n)
	local ch, cl = struct.unpack('>I4I4', current)
	if nh > ch or nh == ch and nl > cl then
		return {0} -- refused
	end
end

if verdict == 1 then
	row = touch(row, now, now8)
	row = sub(row, 1, 66) .. next .. now8 .. never .. sub(row, 91)
	put(id, row, now)
elseif verdict == 4 then
	row = sub(row, 1, 74) .. now8 .. sub(row, 83)
	put(id, row, now)
elseif verdict == 3 then
	finish(id, row, now8, 'theft')
	announce(uid)
	row = call('GET', at(id))
elseif ARGV[8] == '1' then -- for WAIT: what is answered again must have been confirmed
	put(id, row, now)
end
return {verdict, row, user, all}
