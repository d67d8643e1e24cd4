--- The loop of `m:chat()`: reads a line, shows the answer as it comes, until the input ends.

--- Talks with the person at the terminal.
---@param model Model a model with a chat template
---@param options? table the options of `model:conversation`
return function(model, options)
  local conversation = model:conversation(options)
  io.write("Empty line or Ctrl-D ends, /reset forgets what was said.\n")
  while true do
    io.write("> ")
    io.flush()
    local line = io.read()
    if not line or line == "" then break end
    if line == "/reset" then
      conversation:reset()
    else
      conversation:reply(line, function(piece)
        io.write(piece)
        io.flush()
      end)
      io.write("\n")
    end
  end
end
