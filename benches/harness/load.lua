-- What wrk sends. Arguments: a file of requests, the first number, "strict" or nothing.
-- A line of the file is METHOD, path, token, body and Idempotency-Key, with tabs between; the last
-- two may be empty. "##########" becomes a number of ten digits, another one in every request.
-- harness/wrk.py writes the file.

local threads = {}
local requests = {}
local number

-- Globals, so that done() can read them from the thread.
ok, not_ok = 0, 0

function setup(thread)
  table.insert(threads, thread)
end

-- What stands before, between and behind the places for the number.
local function pieces(text)
  local found, start = {}, 1
  while true do
    local first, last = text:find("##########", start, true)
    table.insert(found, text:sub(start, first and first - 1))
    if not first then
      return found
    end
    start = last + 1
  end
end

local function parse(line)
  local method, path, token, body, key = line:match("^(%S+)\t(%S+)\t(%S+)\t([^\t]*)\t([^\t]*)$")
  local headers = { Authorization = "Bearer " .. token }
  if key ~= "" then
    headers["Idempotency-Key"] = key
  end
  if body == "" then
    return pieces(wrk.format(method, path, headers))
  end
  headers["Content-Type"] = "application/json"
  return pieces(wrk.format(method, path, headers, body))
end

-- With it, wrk hands over every answer, which slows it: for the warm-up alone.
local function count_status(status)
  if status >= 200 and status < 300 then
    ok = ok + 1
  else
    not_ok = not_ok + 1
  end
end

function init(args)
  for line in io.lines(args[1]) do
    table.insert(requests, parse(line))
  end
  number = tonumber(args[2])
  if args[3] == "strict" then
    response = count_status
  end
end

function request()
  local chosen = requests[math.random(#requests)]
  number = number + 1
  return table.concat(chosen, string.format("%010d", number))
end

function done(summary, latency)
  local refused = 0
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("not_ok")
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,'
      .. '"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"not_2xx":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status, refused))
end
