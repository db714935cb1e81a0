-- For wrk: reads the sessions listed in the file SESSIONS in order, each thread starting at a different place.
local paths = {}
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  for id in io.lines(os.getenv("SESSIONS")) do
    paths[#paths + 1] = wrk.format("GET", "/v1/sessions/" .. id)
  end
  next_path = number * math.floor(#paths / 2)
end

function request()
  next_path = next_path % #paths + 1
  return paths[next_path]
end
