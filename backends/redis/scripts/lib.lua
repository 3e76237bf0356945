-- What the scripts about users and sessions share. The offsets are those of row.go and user.go.
local prefix, tag = string.match(KEYS[1], '^(.*)m:({..})$')
local sub, byte, call = string.sub, string.byte, redis.call
local retention, chunk = 3600000, 250
local never = struct.pack('>i8', -62135596800000000)

local function key(kind, rest) return prefix .. kind .. ':' .. tag .. rest end
local function at(id) return key('s', sub(id, 3)) end
local function int(s, i) return (struct.unpack('>i8', s, i)) end
local function text(s, i) return struct.unpack('>Bc0', s, i) end -- and where the next one begins
local function owner(row) return (text(row, 141)) end
local function userOf(id, uid) return call('HGET', key('u', sub(id, 3, 4)), uid) end
local function epoch() return call('GET', key('c', '')) or string.rep('\0', 8) end

-- When and why the former epoch ended. The oldest stands for those that are no longer known.
local function former(all, its)
	local from, when, why, found = 9, never, 'revoked', nil
	while from < #all and found ~= its do
		found, when = sub(all, from, from + 7), sub(all, from + 8, from + 15)
		why, from = text(all, from + 16)
	end
	return when, why
end

-- When and why the session was ended, by itself, with all sessions, or with those of its user.
local function over(row, user, all)
	if byte(row, 2) ~= 0 then
		return sub(row, 3, 10), ''
	elseif sub(row, 99, 106) ~= sub(all, 1, 8) then
		return former(all, sub(row, 99, 106))
	elseif user and sub(row, 91, 98) ~= sub(user, 9, 16) then
		return sub(user, 18, 25), (text(user, 26))
	end
end

local function unexpired(row, now) return now < int(row, 35) and now < int(row, 43) end

-- Session.Live of package backends.
local function live(row, user, all, now)
	return user and byte(user, 17) == 0 and not over(row, user, all) and unexpired(row, now)
end

-- Marks the session, which has not been, as ended. Its row says so until it goes.
local function finish(id, row, when, why)
	call('SET', at(id), sub(row, 1, 1) .. '\1' .. when .. sub(row, 11) .. why, 'PX', retention)
	call('DEL', key('v', sub(id, 3)))
	call('ZREM', key('l', owner(row)), id)
end

-- Reports a change of the user to those that track it.
local function announce(uid)
	call('SET', key('c', uid), '')
	call('DEL', key('c', uid))
end

-- Writes, and changes nothing. WAIT is about what its connection wrote: it then waits for all that
-- was written before.
local function write()
	call('SET', KEYS[1], '')
	call('DEL', KEYS[1])
end

-- Stores the row for as long as it may be read. The list lives as long as its last row.
local function put(id, row, now)
	local ttl = string.format('%.0f', math.max(int(row, 35) - now, 0) / 1000 + retention)
	local list = key('l', owner(row))
	call('SET', at(id), row, 'PX', ttl)
	call('PEXPIRE', key('v', sub(id, 3)), ttl)
	call('ZADD', list, string.format('%.0f', int(row, 27)), id)
	if call('PEXPIRE', list, ttl, 'GT') == 0 then
		call('PEXPIRE', list, ttl, 'NX')
	end
end

-- Session.Touch of package backends.
local function touch(row, now, now8)
	local seen, idle, absolute = sub(row, 27, 34), sub(row, 35, 42), sub(row, 43, 50)
	if now > int(seen, 1) then
		seen = now8
	end
	local till = now + int(row, 51)
	if till >= int(absolute, 1) then
		idle = absolute
	elseif till > int(idle, 1) then
		idle = struct.pack('>i8', till)
	end
	return sub(row, 1, 26) .. seen .. idle .. sub(row, 43)
end

-- Marks up to a chunk of the user's sessions that have ended with their user, from the position on.
-- Returns how many were live, and where to go on, -1 if there are no more. It tidies the list.
local function finishAll(uid, user, all, now8, from)
	local now, list, n = int(now8, 1), key('l', uid), 0
	local ids = call('ZRANGE', list, from, from + chunk - 1)
	for _, id in ipairs(ids) do
		local row = call('GET', at(id))
		local when, why
		if row then
			when, why = over(row, user, all)
			if not when and not user then
				when, why = now8, 'user_ended'
			end
		end
		if not row or byte(row, 2) ~= 0 then
			call('ZREM', list, id)
		elseif when then
			if sub(row, 99, 106) == sub(all, 1, 8) and unexpired(row, now) then
				n = n + 1
			end
			finish(id, row, when, why)
		else
			from = from + 1
		end
	end
	return n, #ids < chunk and -1 or from
end
