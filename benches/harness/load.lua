-- What wrk sends. Arguments: a file of requests, the first number, "strict" or nothing.
-- A line of the file is METHOD, path, token and body, with tabs between. "##########" in a body
-- becomes a number of ten digits, another one in every request. harness/load.py writes the file.

local threads = {}
local requests = {}
local number

-- Globals, so that done() can read them from the thread.
ok, not_ok = 0, 0

function setup(thread)
  table.insert(threads, thread)
end

local function parse(line)
  local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S+)\t(.*)$")
  local headers = { Authorization = "Bearer " .. token }
  if body == "" then
    return { wrk.format(method, path, headers) }
  end
  headers["Content-Type"] = "application/json"
  local text = wrk.format(method, path, headers, body)
  local first, last = text:find("##########", 1, true)
  return { text:sub(1, first - 1), text:sub(last + 1) }
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
  if not chosen[2] then
    return chosen[1]
  end
  number = number + 1
  return chosen[1] .. string.format("%010d", number) .. chosen[2]
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
