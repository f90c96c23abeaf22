-- nats.lua - the NATS protocol in Wireshark and tshark, from version 3.6 on.
--
-- Copy it into the folder "Personal Lua Plugins" of Help > About Wireshark > Folders, or name it on the command line:
-- tshark -X lua_script:nats.lua -r capture.pcapng. Port 4222 is expected to be NATS; on other ports NATS is recognised by its
-- first operation. Operations of clients are decoded whole, those of routes and leaf nodes by their names and arguments.
--
-- Credentials in CONNECT are shown neither in the tree nor in a column: only settings that are known to be harmless have
-- values. The pane of bytes and the field tcp.payload show every packet as it is.
--
-- A packet may be dissected many times, in any order. What is learnt of earlier packets is therefore kept with the number of
-- the frame that said it, and only the first pass, which is in order, adds to it (`pinfo.visited` is false then).

local LINE_MAX = 64 * 1024 -- bytes of a control line
local PAYLOAD_MAX = 64 * 1024 * 1024 -- of a server whose INFO was not seen: the most that servers can be set to
local TEXT_MAX = 1024 -- bytes of a payload that are also shown as text
local HEADERS_MAX = 200 -- header lines that are shown
local REQUESTS_MAX = 32 -- requests of the same reply subject that are searched
local INFO_OPS_MAX = 12 -- operations of a packet that the column Info lists

-- A version of Wireshark that has a dissector of its own for NATS keeps the short name.
local is_free, nats = pcall(Proto, "nats", "NATS Protocol")
local prefix = "nats"
if not is_free then
	prefix = "natslua"
	nats = Proto(prefix, "NATS Protocol (Lua)")
end

-- ---- fields ----

local function name(field)
	return prefix .. "." .. field
end

local f = {
	op = ProtoField.string(name("op"), "Operation"),
	subject = ProtoField.string(name("subject"), "Subject"),
	reply = ProtoField.string(name("reply"), "Reply subject"),
	queue = ProtoField.string(name("queue"), "Queue group"),
	sid = ProtoField.string(name("sid"), "Subscription ID"),
	account = ProtoField.string(name("account"), "Account"),
	origin = ProtoField.string(name("origin"), "Cluster of the leaf node"),
	max = ProtoField.uint32(name("max"), "Maximum of deliveries"),
	weight = ProtoField.uint32(name("weight"), "Weight"),
	size = ProtoField.uint32(name("size"), "Payload size"),
	header_size = ProtoField.uint32(name("header_size"), "Header size"),
	total_size = ProtoField.uint32(name("total_size"), "Total size"),
	headers = ProtoField.none(name("headers"), "Headers"),
	header = ProtoField.string(name("header"), "Header"),
	header_name = ProtoField.string(name("header.name"), "Name"),
	header_value = ProtoField.string(name("header.value"), "Value"),
	status = ProtoField.string(name("status"), "Status"),
	status_text = ProtoField.string(name("status_text"), "Status text"),
	payload = ProtoField.bytes(name("payload"), "Payload"),
	payload_text = ProtoField.string(name("payload_text"), "Payload as text"),
	error = ProtoField.string(name("error"), "Error"),
	setting = ProtoField.string(name("setting"), "Setting"),
	server_id = ProtoField.string(name("server_id"), "Server ID"),
	client_name = ProtoField.string(name("client_name"), "Client name"),
	lang = ProtoField.string(name("lang"), "Client language"),
	version = ProtoField.string(name("version"), "Version"),
	user = ProtoField.string(name("user"), "User"),
	partial = ProtoField.bool(name("partial"), "Partial"),
	undecoded = ProtoField.uint32(name("undecoded"), "Bytes that are not decoded"),
	response_in = ProtoField.framenum(name("response_in"), "Response in", base.NONE, frametype.RESPONSE),
	request_in = ProtoField.framenum(name("request_in"), "Request in", base.NONE, frametype.REQUEST),
	response_time = ProtoField.relative_time(name("response_time"), "Response time"),
}
nats.fields = f

local e = {
	error = ProtoExpert.new(name("expert.error"), "The server reports an error", expert.group.RESPONSE_CODE,
		expert.severity.ERROR),
	slow = ProtoExpert.new(name("expert.slow_consumer"), "The server reports a slow consumer",
		expert.group.RESPONSE_CODE, expert.severity.ERROR),
	oversize = ProtoExpert.new(name("expert.oversize"), "The message is larger than the server allows",
		expert.group.PROTOCOL, expert.severity.WARN),
	malformed = ProtoExpert.new(name("expert.malformed"), "The operation is malformed", expert.group.MALFORMED,
		expert.severity.ERROR),
	no_responders = ProtoExpert.new(name("expert.no_responders"), "No responders: nobody subscribes to the request",
		expert.group.RESPONSE_CODE, expert.severity.WARN),
	lost = ProtoExpert.new(name("expert.lost"), "Bytes are missing before this segment: it may begin inside a payload",
		expert.group.SEQUENCE, expert.severity.NOTE),
	partial = ProtoExpert.new(name("expert.partial"), "Not all bytes of the operation are here",
		expert.group.REASSEMBLE, expert.severity.NOTE),
}
nats.experts = e

nats.prefs.ports = Pref.range("TCP ports", "4222", "Ports on which NATS is expected; it is recognised on others", 65535)
nats.prefs.json = Pref.bool("Dissect payloads that are JSON objects", false, "Hand them to the dissector for JSON")

local tcp_stream = Field.new("tcp.stream")
local tcp_seq = Field.new("tcp.seq_raw")
local lost_segment = Field.new("tcp.analysis.lost_segment")
local ops_so_far = Field.new(name("op"))

-- ---- text from outside ----

local function hex(bytes)
	return (bytes:gsub(".", function(c)
		return string.format("\\x%02x", c:byte())
	end))
end

-- The length of the UTF-8 character at `at`, nil when there is none.
local function utf8_len(text, at)
	local first = text:byte(at)
	local len = first < 0x80 and 1 or first >= 0xc2 and first < 0xe0 and 2 or first >= 0xe0 and first < 0xf0 and 3
		or first >= 0xf0 and first < 0xf5 and 4
	if not len or at + len - 1 > #text then
		return nil
	end
	for i = at + 1, at + len - 1 do
		local byte = text:byte(i)
		if byte < 0x80 or byte > 0xbf then
			return nil
		end
	end
	local second = len > 2 and text:byte(at + 1)
	if first == 0xe0 and second < 0xa0 or first == 0xed and second > 0x9f or first == 0xf0 and second < 0x90
		or first == 0xf4 and second > 0x8f then
		return nil
	end
	return len
end

-- The code point of a valid UTF-8 character.
local function point_of(char)
	local point = char:byte(1)
	point = point < 0x80 and point or point % (#char == 2 and 0x20 or #char == 3 and 0x10 or 8)
	for i = 2, #char do
		point = point * 64 + char:byte(i) % 64
	end
	return point
end

-- Controls, and characters that reorder or hide text, as in tapedeck's own output.
local HIDDEN = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0xfeff, 0xfeff }, { 0xe0000, 0xe007f } }

local function visible_char(char)
	local point = point_of(char)
	for _, range in ipairs(HIDDEN) do
		if point >= range[1] and point <= range[2] then
			return point < 0x80 and hex(char) or string.format("\\u%04x", point)
		end
	end
	return char
end

-- Bytes as text: \xNN for what is not UTF-8.
local function visible(bytes)
	if not bytes:find("[^\32-\126]") then
		return bytes
	end
	local out, at = {}, 1
	while at <= #bytes do
		local len = utf8_len(bytes, at)
		local char = bytes:sub(at, at + (len or 1) - 1)
		out[#out + 1] = len and visible_char(char) or hex(char)
		at = at + (len or 1)
	end
	return table.concat(out)
end

-- ---- JSON of INFO and CONNECT ----

-- Where the string whose first byte after the quote is at `at` ends: the place of its closing quote, or nil.
local function string_end(text, at)
	while true do
		local stop = text:find('["\\]', at)
		if not stop or text:sub(stop, stop) == '"' then
			return stop
		end
		at = stop + 2
	end
end

-- The place after the object or array that begins at `at`, or nil.
local function nested_end(text, at)
	local depth = 0
	while true do
		at = text:find('["%[%]{}]', at)
		if not at then
			return nil
		end
		local char = text:sub(at, at)
		if char == '"' then
			at = string_end(text, at + 1)
			if not at then
				return nil
			end
		else
			depth = depth + ((char == "{" or char == "[") and 1 or -1)
			if depth == 0 then
				return at + 1
			end
		end
		at = at + 1
	end
end

-- The members of the object in text, as far as they can be read: list of { key, at, value, kind }. The key is in lower case,
-- as servers compare it; `at` is where the member begins; text keeps its escapes.
local function members(text)
	local list, at = {}, text:match("^%s*{()")
	while at do
		local start, key, value_at = text:match('^[%s,]*()"([^"\\]*)"%s*:%s*()', at)
		if not start then
			break
		end
		local first, kind, value, stop = text:sub(value_at, value_at), "setting", nil, nil
		if first == '"' then
			local quote = string_end(text, value_at + 1)
			kind, stop = "text", quote and quote + 1
			value = quote and text:sub(value_at + 1, quote - 1)
		elseif first == "{" or first == "[" then
			kind, stop = "nested", nested_end(text, value_at)
		else
			value, stop = text:match("^([%w%.%+%-]+)()", value_at)
		end
		if not stop then
			break
		end
		list[#list + 1] = { key = key:lower(), at = start, stop = stop, value = value, kind = kind }
		at = stop
	end
	return list
end

local function set_of(words)
	local set = {}
	for word in words:gmatch("%S+") do
		set[word] = true
	end
	return set
end

-- Values that are shown. The value of any other key may be a credential: clients misspell the keys of theirs.
local HARMLESS = {
	CONNECT = set_of("verbose pedantic echo headers protocol no_responders tls_required name lang version"),
	INFO = set_of("server_id server_name version proto go host port headers max_payload client_id client_ip auth_required "
		.. "tls_required tls_verify tls_available cluster domain jetstream ldm connect_info remote_account acc_is_sys "
		.. "api_lvl git_commit"),
}
local FIELD_OF = {
	CONNECT = { name = f.client_name, lang = f.lang, version = f.version, user = f.user },
	INFO = { server_id = f.server_id, version = f.version },
}

-- A user without a password is a token.
local function has_password(list)
	local is_given = false
	for _, member in ipairs(list) do
		if member.key == "pass" and member.value ~= "null" then
			is_given = member.kind == "text" and member.value ~= ""
		end
	end
	return is_given
end

local function add_settings(tree, range, verb, text)
	local list = members(text)
	local shows_user = verb == "CONNECT" and has_password(list)
	for _, member in ipairs(list) do
		local place = range(member.at - 1, member.stop - member.at)
		local is_shown = member.kind ~= "nested"
			and (HARMLESS[verb][member.key] or member.key == "user" and shows_user)
		local field = FIELD_OF[verb][member.key]
		if is_shown and field and member.kind == "text" then
			tree:add(field, place, visible(member.value))
		elseif is_shown then
			tree:add(f.setting, place, visible(member.key .. ": " .. member.value))
		else
			tree:add(f.setting, place, visible(member.key) .. ": [not shown]")
		end
	end
	return list
end

-- ---- control lines ----

-- The arguments of each operation by their number.
local LAYOUTS = {
	PUB = { [2] = { "subject", "size" }, [3] = { "subject", "reply", "size" } },
	HPUB = { [3] = { "subject", "header_size", "total" }, [4] = { "subject", "reply", "header_size", "total" } },
	SUB = { [2] = { "subject", "sid" }, [3] = { "subject", "queue", "sid" } },
	UNSUB = { { "sid" }, { "sid", "max" } },
	MSG = { [3] = { "subject", "sid", "size" }, [4] = { "subject", "sid", "reply", "size" } },
	HMSG = {
		[4] = { "subject", "sid", "header_size", "total" },
		[5] = { "subject", "sid", "reply", "header_size", "total" },
	},
	["A+"] = { { "account" } },
	["A-"] = { { "account" } },
	["RS+"] = {
		{ "subject" },
		{ "account", "subject" },
		{ "account", "subject", "queue" },
		{ "account", "subject", "queue", "weight" },
	},
	["RS-"] = { { "subject" }, { "account", "subject" }, { "account", "subject", "queue" } },
	["LS+"] = { { "subject" }, { "subject", "queue" }, { "subject", "queue", "weight" } },
	["LS-"] = { { "subject" }, { "subject", "queue" } },
}
-- Of interest at a leaf node of another cluster, between the servers of one.
local ROUTED_LEAF_LAYOUTS = {
	[2] = { "account", "subject" },
	[3] = { "origin", "account", "subject" },
	[4] = { "origin", "account", "subject", "queue" },
	[5] = { "origin", "account", "subject", "queue", "weight" },
}
local IS_NUMBER = set_of("size header_size total max weight")
local HAS_TEXT = set_of("INFO CONNECT -ERR")
local HAS_NOTHING = set_of("PING PONG +OK")
local IS_MESSAGE = set_of("PUB HPUB MSG HMSG RMSG LMSG")
local IS_ROUTE = set_of("RS+ RS- RMSG A+ A-")
local IS_LEAF = set_of("LS+ LS- LMSG")

-- The verb at the start of a line, or of its beginning, in capitals; and the place after it. nil: there is none.
local function verb_of(line)
	local verb, after = line:match("^([%+%-]?%a+[%+%-]?)()")
	if not verb then
		return nil
	end
	verb = verb:upper()
	local short = verb:match("^P[IO]NG") or verb:match("^%+OK")
	if short then
		return short, #short + 1
	end
	return (LAYOUTS[verb] or HAS_TEXT[verb] or IS_MESSAGE[verb]) and verb or nil, after
end

-- May more bytes make an operation of these, which have no line end?
local function may_begin(bytes)
	local start = bytes:match("^[%+%-]?%a*[%+%-]?$")
	if not start then
		return verb_of(bytes) ~= nil
	end
	start = start:upper()
	for _, table in ipairs({ LAYOUTS, HAS_TEXT, HAS_NOTHING, IS_MESSAGE }) do
		for verb in pairs(table) do
			if verb:sub(1, #start) == start then
				return true
			end
		end
	end
	return false
end

local function words_of(line, at)
	local words = {}
	for start, word in line:gmatch("()([^ \t]+)", at) do
		if start >= at then
			words[#words + 1] = { text = word, at = start }
		end
	end
	return words
end

-- Between servers a message has: [account] subject, then its reply, or "+ reply queue…", or "| queue…", then its sizes. An
-- LMSG between servers of a cluster has the cluster of its leaf node first, and always both sizes.
local function message_layout(words, verb, link)
	local is_routed = link == "route"
	local sizes = (verb == "HMSG" or verb == "LMSG" and is_routed) and { "header_size", "total" } or { "size" }
	local layout = verb == "LMSG" and is_routed and { "origin", "account", "subject" }
		or (verb == "RMSG" or is_routed) and { "account", "subject" } or { "subject" }
	local middle = #words - #layout - #sizes
	local mark = words[#layout + 1] and words[#layout + 1].text
	for i = 1, middle do
		if i == 1 and middle > 1 and (mark == "+" or mark == "|") then
			layout[#layout + 1] = "mark"
		elseif i == 1 or i == 2 and mark == "+" then
			layout[#layout + 1] = "reply"
		else
			layout[#layout + 1] = "queue"
		end
	end
	for _, size in ipairs(sizes) do
		layout[#layout + 1] = size
	end
	return #layout == #words and middle >= 0 and layout or nil
end

-- The names of the arguments, nil when there are none for so many. The cluster in LS- may be an empty word.
local function layout_of(line, words, verb, link)
	if verb == "RMSG" or verb == "LMSG" or verb == "HMSG" and link then
		return message_layout(words, verb, link)
	elseif link == "route" and (verb == "LS+" or verb == "LS-") then
		local is_empty = #words == 3 and line:find("^%S+  ")
		return is_empty and { "account", "subject", "queue" } or ROUTED_LEAF_LAYOUTS[#words]
	end
	return LAYOUTS[verb][#words]
end

-- Parse a control line without its end. Returns { verb, args, body }: args[name] = { text, at }, and queues a list of them;
-- body: bytes that follow the line before their CRLF, or nil. Or nil and what is wrong.
local function parse_line(line, link)
	local verb, after = verb_of(line)
	if not verb then
		return nil, "unknown operation"
	end
	local op = { verb = verb, args = {} }
	if HAS_NOTHING[verb] then
		return op
	end
	if HAS_TEXT[verb] then
		op.text_at = line:find("[^ \t]", after) or #line + 1
		op.text = line:sub(op.text_at)
		if verb ~= "-ERR" and op.text:sub(1, 1) ~= "{" then
			return nil, "no JSON object after " .. verb
		end
		return op
	end
	if not line:find("^[ \t]", after) then
		return nil, "no blank after " .. verb
	end
	local words = words_of(line, after)
	local layout = layout_of(line, words, verb, link)
	if not layout then
		return nil, #words .. " arguments"
	end
	for i, arg in ipairs(layout) do
		local word = words[i]
		if IS_NUMBER[arg] then
			word.number = #word.text <= 9 and word.text:find("^%d+$") and tonumber(word.text)
			if not word.number then
				return nil, "no number where one belongs"
			end
		end
		op.args[arg] = op.args[arg] or word
	end
	local args = op.args
	op.body = (args.total or args.size) and (args.total or args.size).number
	if args.total and args.header_size.number > args.total.number then
		return nil, "headers larger than the message"
	end
	return op
end

-- The line at offset without its end, and its length with it. nil: it has no end yet; then its bytes so far.
local function read_line(tvb, offset)
	local left = tvb:len() - offset
	local size = math.min(left, 256)
	while true do
		local text = tvb:raw(offset, size)
		local lf = text:find("\n", 1, true)
		if lf then
			return text:sub(1, lf - 1):gsub("\r$", ""), lf
		end
		if size >= math.min(left, LINE_MAX) then
			return nil, text
		end
		size = math.min(left, LINE_MAX, size * 16)
	end
end

-- ---- what is known of streams, requests and replies ----

local streams = {} -- by tcp.stream: { id, is_nats, link, tls, max_payload = { { frame, bytes }… }, rests }
local requests = {} -- by reply subject: the newest; { frame, time, stream, is_sent, before, answers, after, response, elsewhere }
local rests = {} -- by frame: bytes at its beginning that end a message which was not captured whole
local links = {} -- by frame: { [message] = the same tables }
local is_in_tls = false

function nats.init()
	streams, requests, links, rests = {}, {}, {}, {}
end

local function stream_of(pinfo)
	local ids = { tcp_stream() }
	local id = #ids > 0 and ids[#ids].value or 0
	local stream = streams[id]
	if not stream then
		stream = { id = id, max_payload = {}, rests = {} }
		streams[id] = stream
	end
	return stream
end

-- The limit for messages at that frame, and whether the server has said it.
local function max_payload(stream, frame)
	local said, first, after = stream.max_payload, 1, #stream.max_payload + 1
	while first < after do
		local middle = math.floor((first + after) / 2)
		if said[middle].frame <= frame then
			first = middle + 1
		else
			after = middle
		end
	end
	return first > 1 and said[first - 1].bytes or PAYLOAD_MAX, first > 1
end

local function learn_max_payload(said, frame, bytes)
	local last = said[#said]
	if last and last.frame == frame then
		last.bytes = bytes
	elseif not last or last.bytes ~= bytes then
		said[#said + 1] = { frame = frame, bytes = bytes }
	end
end

-- Learn what later packets of the stream need.
local function learn(stream, pinfo, op, list)
	if pinfo.visited then
		return
	end
	if IS_ROUTE[op.verb] then
		stream.link = "route"
	elseif IS_LEAF[op.verb] and not stream.link then
		stream.link = "leaf"
	end
	for _, member in ipairs(op.verb == "INFO" and list or {}) do
		local bytes = member.key == "max_payload" and member.value and tonumber(member.value)
		if bytes and bytes > 0 and bytes <= 2 ^ 31 then
			learn_max_payload(stream.max_payload, pinfo.number, math.floor(bytes))
		end
	end
end

-- Which request a message answers, and what answers it later. A message that a client publishes with a reply subject, and one
-- that is delivered to it with one, is a request. Its response is a message of that subject in the other direction of
-- the same connection: from request to response as the requester sees them, or as the responder does. Where that is not in
-- the capture, it is the first one on any connection.
local function find_request(stream, is_sent, subject)
	local newest = requests[subject]
	local entry, steps = newest, 0
	while entry and (entry.stream ~= stream.id or entry.is_sent == is_sent) do
		steps = steps + 1
		entry = steps < REQUESTS_MAX and entry.before or nil
	end
	return entry or newest, entry ~= nil
end

local function link(stream, pinfo, op)
	local frame = pinfo.number
	local frame_links = links[frame]
	local subject, reply = op.args.subject.text, op.args.reply and op.args.reply.text
	if pinfo.visited then
		return frame_links and frame_links[op.verb .. " " .. subject .. " " .. (reply or "")]
	end
	local is_sent = op.verb == "PUB" or op.verb == "HPUB"
	local entry, is_here = find_request(stream, is_sent, subject)
	if not entry and not reply then
		return nil
	end
	local here = { frame = frame, time = pinfo.rel_ts, stream = stream.id, is_sent = is_sent }
	if entry then
		here.answers, here.after = entry, here.time - entry.time
		local slot = is_here and "response" or "elsewhere"
		entry[slot] = entry[slot] or frame
	end
	if reply then
		here.before = requests[reply]
		requests[reply] = here
	end
	links[frame] = frame_links or {}
	links[frame][op.verb .. " " .. subject .. " " .. (reply or "")] = here
	return here
end

-- The rest of a message whose bytes were not all captured is in the segments that follow. It is skipped by sequence number.
local function last_of(...)
	return select("#", ...) > 0 and select(select("#", ...), ...).value or nil
end

-- The operation at offset goes on for so many bytes after what its segment had on the wire.
local function expect_rest(stream, tvb, pinfo, more)
	local seq = not pinfo.visited and not is_in_tls and last_of(tcp_seq())
	if seq then
		local first = (seq + tvb:reported_len()) % 2 ^ 32
		stream.rests[tostring(pinfo.src) .. " " .. pinfo.src_port] = { first = first, bytes = more }
	end
end

-- The bytes at the beginning of this segment that belong to such a message.
local function rest_in(stream, pinfo)
	if pinfo.visited then
		return rests[pinfo.number] or 0
	end
	local rest = stream.rests[tostring(pinfo.src) .. " " .. pinfo.src_port]
	local seq = rest and not is_in_tls and last_of(tcp_seq())
	local at = seq and (seq - rest.first) % 2 ^ 32
	if not at or at >= rest.bytes then
		return 0
	end
	rests[pinfo.number] = rest.bytes - at
	return rest.bytes - at
end

-- ---- the tree ----

local function time_of(seconds)
	local ns = math.floor(math.abs(seconds) * 1e9 + 0.5)
	local time = NSTime.new(math.floor(ns / 1e9), ns % 1e9)
	return seconds < 0 and -time or time
end

local function add_links(tree, here)
	local response = here.response or here.elsewhere
	if response then
		tree:add(f.response_in, response):set_generated()
	end
	if here.answers then
		tree:add(f.request_in, here.answers.frame):set_generated()
		tree:add(f.response_time, time_of(here.after)):set_generated()
	end
end

-- The text from `first` on without blanks around it. A pattern would need a time that is the square of a run of blanks.
local function trimmed(text, first)
	local start, last = text:find("%S", first) or #text + 1, #text
	while last > start and text:find("^%s", last) do
		last = last - 1
	end
	return text:sub(start, last)
end

local function add_header_line(tree, range, line)
	local colon = line:find(":", 1, true)
	if not colon or colon == 1 then
		tree:add(f.header, range, visible(line)):add_proto_expert_info(e.malformed, "A header line without a name")
		return
	end
	local value = trimmed(line, colon + 1)
	local item = tree:add(f.header, range, visible(line))
	item:add(f.header_name, range(0, colon - 1), visible(line:sub(1, colon - 1)))
	item:add(f.header_value, range, visible(value))
end

-- Returns the status, or nil.
local function add_headers(tree, range)
	local text = range:raw(0, math.min(range:len(), LINE_MAX))
	local item = tree:add(f.headers, range)
	local at, count, status = 1, 0, nil
	while at <= #text and count <= HEADERS_MAX do
		local stop = text:find("\n", at, true) or #text
		local line = text:sub(at, stop):gsub("\r?\n$", "")
		local place = range(at - 1, stop - at + 1)
		if count == 0 then
			local code, words = line:match("^NATS/1%.0%s+(%d+)%s*(.*)")
			status = code
			if code then
				item:add(f.status, place, code)
			end
			if code and words ~= "" then
				item:add(f.status_text, place, visible(words))
			elseif line:sub(1, 8) ~= "NATS/1.0" then
				item:add_proto_expert_info(e.malformed, "The headers do not begin with NATS/1.0")
			end
		elseif line ~= "" then
			add_header_line(item, place, line)
		end
		at, count = stop + 1, count + 1
	end
	item:append_text(string.format(" (%d bytes)", range:len()))
	return status
end

local json = Dissector.get("json")

local function add_payload(tree, tvb, pinfo, offset, len)
	tree:add(f.payload, tvb(offset, len))
	local text = tvb:raw(offset, math.min(len, TEXT_MAX))
	if not text:find("[%z\1-\8\14-\31\127]") then
		tree:add(f.payload_text, tvb(offset, #text), visible(text)):set_generated()
	end
	if nats.prefs.json and json and text:find("^%s*{") then
		pcall(json.call, json, tvb(offset, len):tvb(), pinfo, tree) -- its errors are in the tree
	end
end

-- Headers and payload as far as they are here: the body begins at offset.
local function add_body(tree, tvb, pinfo, op, offset)
	local header_size = op.args.header_size and op.args.header_size.number or 0
	local seen = math.min(op.body, tvb:len() - offset)
	local status
	if header_size > 0 and seen > 0 then
		status = add_headers(tree, tvb(offset, math.min(header_size, seen)))
	end
	if seen > header_size then
		add_payload(tree, tvb, pinfo, offset + header_size, seen - header_size)
	end
	if status == "503" then
		tree:add_proto_expert_info(e.no_responders)
	end
	return status
end

local ARGS = { "origin", "account", "subject", "queue", "sid", "reply", "max", "weight", "header_size" }

local function add_args(tree, range, op)
	for _, arg in ipairs(ARGS) do
		local word = op.args[arg]
		if word then
			tree:add(f[arg], range(word.at - 1, #word.text), word.number or visible(word.text))
		end
	end
	local total, size = op.args.total, op.args.size
	if total then
		tree:add(f.total_size, range(total.at - 1, #total.text), total.number)
		tree:add(f.size, total.number - op.args.header_size.number):set_generated()
	elseif size then
		tree:add(f.size, range(size.at - 1, #size.text), size.number)
	end
end

-- "PUB orders.1 (9 bytes)"
local function summary(op, status)
	local args, parts = op.args, { op.verb }
	for _, arg in ipairs({ "account", "subject" }) do
		parts[#parts + 1] = args[arg] and visible(args[arg].text)
	end
	if not args.subject then
		parts[#parts + 1] = args.sid and visible(args.sid.text)
	end
	if args.queue then
		parts[#parts + 1] = "queue " .. visible(args.queue.text)
	end
	if args.reply then
		parts[#parts + 1] = "reply " .. visible(args.reply.text)
	end
	if status then
		parts[#parts + 1] = "status " .. status
	end
	if op.body then
		parts[#parts + 1] = string.format("(%d bytes)", op.body - (args.header_size and args.header_size.number or 0))
	end
	if op.verb == "-ERR" then
		parts[#parts + 1] = visible(op.text)
	end
	return table.concat(parts, " ")
end

local function add_error(tree, range, text)
	local plain = text:match("^'(.*)'%s*$") or text
	tree:add(f.error, range, visible(plain))
	if plain:lower():find("slow consumer", 1, true) then
		tree:add_proto_expert_info(e.slow, "Slow consumer: the client does not read what it is sent")
	else
		tree:add_proto_expert_info(e.error, "Error: " .. visible(plain))
	end
end

-- ---- operations in a buffer ----

-- Ask TCP for more bytes (nil: another segment). False when it has none to give.
local function wait_for(tvb, pinfo, offset, missing)
	if pinfo.can_desegment <= 0 or tvb:len() < tvb:reported_len() then
		return false
	end
	pinfo.desegment_offset = offset
	pinfo.desegment_len = missing or DESEGMENT_ONE_MORE_SEGMENT
	return true
end

-- Bytes that are no operation. Their values are not shown: they may be a part of a CONNECT.
local function add_undecoded(tree, tvb, offset, why)
	local range = tvb(offset)
	local item = tree:add(nats, range, "NATS Protocol, not decoded")
	item:add(f.undecoded, range, range:len())
	if why then
		item:add_proto_expert_info(e.malformed, "Malformed: " .. why)
	end
	return tvb:len(), why and "[malformed]" or "[not decoded]"
end

-- What its body needs. Returns the bytes of the operation that are here and whether they are all, or nil: wait.
local function measure(tvb, pinfo, stream, op, offset, line_len)
	if not op.body then
		return line_len, true
	end
	local total = line_len + op.body + 2
	local left = tvb:len() - offset
	if total <= left then
		return total, true
	end
	op.is_oversize = op.body > max_payload(stream, pinfo.number)
	if not op.is_oversize and tvb:reported_len() - offset < total and wait_for(tvb, pinfo, offset, total - left) then
		return nil
	end
	if offset + total > tvb:reported_len() and not op.is_oversize then
		expect_rest(stream, tvb, pinfo, offset + total - tvb:reported_len())
	end
	return left, false
end

local function add_operation(tree, tvb, pinfo, stream, op, offset, line_len, len, is_whole)
	local range = tvb(offset, len)
	local item = tree:add(nats, range, "NATS Protocol")
	local list = nil
	if offset == 0 and lost_segment() then
		item:add_proto_expert_info(e.lost)
	end
	item:add(f.op, tvb(offset, math.min(#op.verb, len)), op.verb)
	add_args(item, tvb(offset, line_len), op)
	if HARMLESS[op.verb] and #op.text > 0 then
		list = add_settings(item, tvb(offset + op.text_at - 1, #op.text), op.verb, op.text)
	elseif op.verb == "-ERR" then
		add_error(item, tvb(offset, line_len), op.text)
	end
	learn(stream, pinfo, op, list)
	local status = op.body and add_body(item, tvb, pinfo, op, offset + line_len)
	local text = summary(op, status)
	item:set_text("NATS Protocol, " .. text)
	if LAYOUTS[op.verb] and op.args.subject and op.body and not stream.link then
		local here = link(stream, pinfo, op)
		if here then
			add_links(item, here)
		end
	end
	local max, is_known = max_payload(stream, pinfo.number)
	if op.body and op.body > max then
		item:add_proto_expert_info(e.oversize, string.format("%d bytes, more than %s %d", op.body,
			is_known and "the server's max_payload of" or "any server's", max))
	end
	if not is_whole then
		item:add(f.partial, true):set_generated()
		item:add_proto_expert_info(e.partial)
	elseif op.body and tvb:raw(offset + len - 2, 2) ~= "\r\n" then
		item:add_proto_expert_info(e.malformed, "Malformed: no line end after the payload")
		return tvb:len() - offset, text .. " [malformed]"
	end
	return len, text
end

-- The operation at offset. Returns the offset after it and its text; nil when it waits for more bytes.
local function operation(tree, tvb, pinfo, stream, offset)
	local line, more = read_line(tvb, offset)
	if not line then
		if not may_begin(more) then
			return add_undecoded(tree, tvb, offset, nil)
		elseif #more >= LINE_MAX then
			return add_undecoded(tree, tvb, offset, "a control line without an end")
		elseif wait_for(tvb, pinfo, offset, nil) then
			return nil
		end
		return add_undecoded(tree, tvb, offset, nil)
	end
	local op, why = parse_line(line, stream.link)
	if not op then
		return add_undecoded(tree, tvb, offset, why)
	end
	local len, is_whole = measure(tvb, pinfo, stream, op, offset, more)
	if not len then
		return nil
	end
	local used, text = add_operation(tree, tvb, pinfo, stream, op, offset, more, len, is_whole)
	return offset + used, text
end

local function set_columns(pinfo, is_first, texts, count)
	if count > #texts then
		texts[#texts + 1] = string.format("%d more", count - #texts)
	end
	pinfo.cols.protocol = "NATS"
	if is_first then
		pinfo.cols.info:clear()
	else
		pinfo.cols.info:append(", ")
	end
	pinfo.cols.info:append(table.concat(texts, ", "))
	pinfo.cols.info:fence()
end

local function dissect(tvb, pinfo, tree, stream)
	local is_first = ops_so_far() == nil
	local texts, count, offset = {}, 0, 0
	local rest = rest_in(stream, pinfo)
	if rest > 0 then
		offset, count, texts = math.min(rest, tvb:len()), 1, { "[rest of a message]" }
		tree:add(nats, tvb(0, offset)):set_text("NATS Protocol, the rest of a message that was not captured whole")
	end
	while offset < tvb:len() do
		local next_offset, text = operation(tree, tvb, pinfo, stream, offset)
		if not next_offset then
			break
		end
		offset, count = next_offset, count + 1
		texts[#texts + 1] = count <= INFO_OPS_MAX and text or nil
	end
	if count > 0 then
		set_columns(pinfo, is_first, texts, count)
	end
	return tvb:len()
end

-- ---- recognising NATS ----

-- Does an operation begin at offset? Returns it, and the offset after it (nil: it does not end here).
local function peek(tvb, offset)
	local line, len = read_line(tvb, offset)
	local op = line and parse_line(line, nil)
	if not op then
		return nil
	end
	local after = offset + len + (op.body and op.body + 2 or 0)
	if after > tvb:len() then
		return op, nil
	end
	if op.body and tvb:raw(after - 2, 2) ~= "\r\n" then
		return nil
	end
	return op, after
end

local function begins_session(tvb)
	local text = tvb:raw(0, math.min(tvb:len(), 16)):upper()
	return text:find("^INFO[ \t]*{") or text:find("^CONNECT[ \t]*{")
end

-- Where NATS is not expected: INFO or CONNECT, a whole message, or two operations of which one is not in other protocols too.
local function is_surely_nats(tvb)
	if begins_session(tvb) then
		return true
	end
	local op, after = peek(tvb, 0)
	if not op or not after then
		return false
	end
	if op.body then
		return true
	end
	local second = after < tvb:len() and peek(tvb, after)
	return second and (LAYOUTS[op.verb] or LAYOUTS[second.verb]) and true or false
end

-- Where it is expected: any operation, or the beginning of one.
local function may_be_nats(tvb)
	if begins_session(tvb) or peek(tvb, 0) then
		return true
	end
	local line, text = read_line(tvb, 0)
	return not line and #text > 1 and may_begin(text)
end

-- TLS begins after the server's INFO.
local function begins_tls(tvb)
	return tvb:len() >= 3 and tvb:raw(0, 3):find("^[\20-\23]\3[\0-\4]") ~= nil
end

local tls = Dissector.get("tls")

local function dissect_tls(tvb, pinfo, tree)
	is_in_tls = true
	pcall(tls.call, tls, tvb, pinfo, tree) -- its errors are in the tree
	is_in_tls = false
	return tvb:len()
end

function nats.dissector(tvb, pinfo, tree)
	if tvb:len() == 0 then
		return 0
	end
	local stream = stream_of(pinfo)
	local frame = pinfo.number
	if not is_in_tls and tls then
		if not stream.tls and not pinfo.visited and begins_tls(tvb) then
			stream.tls = frame
		end
		if stream.tls and stream.tls <= frame then
			return dissect_tls(tvb, pinfo, tree)
		end
	end
	if not (stream.is_nats and stream.is_nats <= frame) then
		if not may_be_nats(tvb) then
			return 0
		end
		stream.is_nats = frame
	end
	return dissect(tvb, pinfo, tree, stream)
end

local function recognise(tvb, pinfo, tree)
	if tvb:len() == 0 or not is_surely_nats(tvb) then
		return false
	end
	if not is_in_tls then
		pinfo.conversation = nats
	end
	nats.dissector(tvb, pinfo, tree)
	return true
end

nats:register_heuristic("tcp", recognise)
if tls then
	nats:register_heuristic("tls", recognise)
	DissectorTable.get("tls.port"):add(4222, nats)
end

local tcp_ports = DissectorTable.get("tcp.port")
local ports = nats.prefs.ports

tcp_ports:add(ports, nats)

function nats.prefs_changed()
	if ports ~= nats.prefs.ports then
		tcp_ports:remove(ports, nats)
		ports = nats.prefs.ports
		tcp_ports:add(ports, nats)
	end
end
