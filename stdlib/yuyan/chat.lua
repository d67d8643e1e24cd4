--- The loop of `m:chat()`: reads a line, shows the answer as it comes, until the input ends.

--- Talks with the person at the terminal.
---@param conversation Conversation from `model:conversation`
return function(conversation)
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
