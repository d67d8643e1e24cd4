import Foundation
import Processes
import Scripting
import Testing

@Suite(.serialized) struct InterruptTests {
  #if compiler(>=6.2)
    /// The flag is the whole program's, so each has a process of its own.
    @Test(
      "Ctrl-C stops Lua within 0.2 s",
      arguments: [
        "while true do end",
        "while true do pcall(error) end",
        "while true do pcall(function() while true do end end) end",
        "local function f() while true do pcall(f) end end f()",
        "coroutine.wrap(function() while true do end end)()",
        "local co = coroutine.create(function() while true do coroutine.yield() end end) while true do coroutine.resume(co) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "while true do pcall(coroutine.wrap(function() while true do pcall(error) end end)) end",
        "while true do xpcall(error, debug.traceback) end",
        "demo.apply(function() while true do end end)",
        "while true do pcall(demo.apply, pcall, demo.plain) end",
        "table.sort({ 1, 2, 3 }, function() while true do end end)",
        "os.execute('sleep 5')",
        "os.execute('sleep 5; true')",
        "local p = io.popen('exec sleep 2') p:read('a') while true do end",
      ])
    func stops(_ source: String) async {
      await #expect(processExitsWith: .success) { [source] in
        try withLua { (lua) throws in
          let handle = lua.interruptHandle(), clock = ContinuousClock(), asked = Box()
          let thread = Thread {
            usleep(60_000)
            asked.time = clock.now
            handle.interrupt()
          }
          thread.start()
          #expect(throws: Interrupted.self) { try lua.run(source) }
          let took = clock.now - (asked.time ?? clock.now)
          #expect(took < .milliseconds(200), "\(took)")
          #expect(!Interrupt.isRequested)
          #expect(try lua.eval("local n = 0 for i = 1, 1000 do n = n + i end return n") == "500500")
        }
      }
    }

    @Test func nativeLoopStops() async {
      await #expect(processExitsWith: .success) {
        try withLua { (lua) throws in
          try lua.globals.set("spin") { _ in
            while true {
              try Interrupt.check()
              usleep(1000)
            }
          }
          let handle = lua.interruptHandle()
          Thread {
            usleep(50_000)
            handle.interrupt()
          }.start()
          #expect(throws: Interrupted.self) { try lua.run("while true do pcall(spin) end") }
        }
      }
    }
  #endif

  @Test func coroutinesBehaveAsLuasOwn() throws {
    try withLua { (lua) throws in
      let source = """
        local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
        local _, x = coroutine.resume(co, 1)
        local _, y = coroutine.resume(co, 5)
        local dead, why = coroutine.resume(co)
        local closed = coroutine.close(coroutine.create(print))
        local wrapped = coroutine.wrap(function() return 1, 2, 3 end)
        local failing = coroutine.wrap(function() error({ 7 }) end)
        local _, value = pcall(failing)
        return x, y, dead, why, closed, select('#', wrapped()), value[1], coroutine.status(co)
        """
      #expect(try lua.eval(source) == "2 10 false cannot resume dead coroutine true 3 7 dead")
      let message = "test.lua:1: bad argument #1 to 'resume' (coroutine expected, got nil)"
      #expect(
        try lua.message("coroutine.resume()").hasPrefix("test.lua:1: bad argument #1 to 'resume'"),
        "\(message)")
    }
  }

  @Test func commandsGiveWhatLuaGives() throws {
    try withLua { (lua) throws in
      #expect(try lua.eval("return os.execute('exit 3')") == "nil exit 3")
      #expect(try lua.eval("return os.execute('true')") == "true exit 0")
      #expect(try lua.eval("return os.execute()") == "true")
      #expect(try lua.eval("return os.execute('kill -9 $$')") == "nil signal 9")
    }
  }
}

final class Box: @unchecked Sendable {
  var time: ContinuousClock.Instant?
}
